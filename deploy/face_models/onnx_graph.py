"""Writes ONNX models, byte for byte the same each time: float32 and int64 constants, attributes of integers."""

import struct
import sys
from array import array

from wire import bytes_field, number_field

FLOAT, INT8, INT64 = 1, 3, 7  # TensorProto.DataType


def float_bytes(values):
    """Little endian float32, on any machine."""
    values = values if isinstance(values, array) else array("f", values)
    if sys.byteorder == "big":
        values = array("f", values)
        values.byteswap()
    return values.tobytes()


def tensor(name, dims, kind, raw):
    """A TensorProto."""
    return b"".join(number_field(1, dim) for dim in dims) + number_field(2, kind) + bytes_field(8, name) + bytes_field(9, raw)


def float_value(name, dims=None):
    """A ValueInfoProto of floats. A dimension is a number, or a name for one that is free; None leaves the shape open."""
    kind = number_field(1, FLOAT)
    if dims is not None:
        shape = (bytes_field(2, dim) if isinstance(dim, str) else number_field(1, dim) for dim in dims)
        kind += bytes_field(2, b"".join(bytes_field(1, dim) for dim in shape))
    return bytes_field(1, name) + bytes_field(2, bytes_field(1, kind))


def model(graph, opset, producer):
    """A ModelProto around the bytes of a GraphProto."""
    return number_field(1, 8) + bytes_field(2, producer) + bytes_field(7, graph) + bytes_field(8, bytes_field(1, "") + number_field(2, opset))


class Graph:
    """A GraphProto that grows node by node."""

    def __init__(self, name):
        self.name = name
        self.nodes, self.constants, self.inputs, self.outputs = [], {}, [], []

    def floats(self, name, dims, values):
        """A constant, added once; asking for the same name again returns it."""
        if name not in self.constants:
            self.constants[name] = tensor(name, dims, FLOAT, float_bytes(values))
        return name

    def integers(self, values):
        name = "i64_" + "_".join(map(str, values)).replace("-", "m")
        if name not in self.constants:
            self.constants[name] = tensor(name, [len(values)], INT64, struct.pack("<%dq" % len(values), *values))
        return name

    def node(self, kind, inputs, output=None, **attributes):
        """Appends a node, its attributes an integer or a list of integers; returns the name of what comes out."""
        output = output or "v%d" % (len(self.nodes) + 1)
        node = b"".join(bytes_field(1, name) for name in inputs)
        node += bytes_field(2, output) + bytes_field(3, output + "/" + kind) + bytes_field(4, kind)
        for name in sorted(attributes):
            value = attributes[name]
            if isinstance(value, (list, tuple)):
                body = b"".join(number_field(8, number) for number in value) + number_field(20, 7)
            else:
                body = number_field(3, value) + number_field(20, 2)
            node += bytes_field(5, bytes_field(1, name) + body)
        self.nodes.append(node)
        return output

    def input(self, name, dims):
        self.inputs.append(float_value(name, dims))

    def output(self, name, dims):
        self.outputs.append(float_value(name, dims))

    def model(self):
        graph = b"".join(bytes_field(1, node) for node in self.nodes) + bytes_field(2, self.name)
        graph += b"".join(bytes_field(5, constant) for constant in self.constants.values())
        graph += b"".join(bytes_field(11, value) for value in self.inputs)
        graph += b"".join(bytes_field(12, value) for value in self.outputs)
        return model(graph, 17, "zhipei-landmarks")
