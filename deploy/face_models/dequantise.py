"""Folds the block-quantised weights of an ONNX file back into floats.

OpenCV's tool for 8-bit models leaves, for each weight, a DequantizeLinear and mostly a Reshape in the graph, lists
weights as inputs, and raises the opset without changing the nodes. Here every weight becomes the constant it stands
for, (quantised - zero point) x scale in float32, and all else stays byte for byte as it was.
"""

import struct
from array import array

import wire
from onnx_graph import FLOAT, INT8, INT64, float_bytes, float_value, model, tensor

OPSET = 13  # what the nodes of both models were written for


class Tensor:
    """A TensorProto of one of the three kinds these models hold."""

    def __init__(self, message):
        self.dims, self.kind, self.raw, self.name = [], None, None, None
        floats = []
        for field, kind, value, _ in wire.fields(message):
            if field == 1:
                self.dims += wire.packed_numbers(kind, value)
            elif field == 2:
                self.kind = value
            elif field == 4:
                floats.append(bytes(value))
            elif field == 8:
                self.name = bytes(value).decode()
            elif field == 9:
                self.raw = bytes(value)
        if self.raw is None:
            self.raw = b"".join(floats)

    def numbers(self):
        """The values, in an array or a tuple."""
        if self.kind == INT8:
            return array("b", self.raw)
        count, code = {FLOAT: (4, "f"), INT64: (8, "q")}[self.kind]
        return struct.unpack("<%d%s" % (len(self.raw) // count, code), self.raw)

    def message(self):
        return tensor(self.name, self.dims, self.kind, self.raw)


class Node:
    """A NodeProto: its inputs and outputs, its integer attributes, and its bytes."""

    def __init__(self, message):
        self.message = bytes(message)
        self.inputs, self.outputs, self.kind, self.integers = [], [], "", {}
        for field, _, value, _ in wire.fields(message):
            if field == 1:
                self.inputs.append(bytes(value).decode())
            elif field == 2:
                self.outputs.append(bytes(value).decode())
            elif field == 4:
                self.kind = bytes(value).decode()
            elif field == 5:
                name, number = "", None
                for part, _, content, _ in wire.fields(value):
                    if part == 1:
                        name = bytes(content).decode()
                    elif part == 3:
                        number = wire.signed(content)
                if number is not None:
                    self.integers[name] = number


def dequantise(source, name, inputs):
    """The model with float weights. `inputs` are those that are pictures: {name: dimensions}."""
    (graph,) = [value for field, _, value, _ in wire.fields(source) if field == 7]
    constants, nodes, outputs = {}, [], []
    for field, _, value, _ in wire.fields(graph):
        if field == 1:
            nodes.append(Node(value))
        elif field == 5:
            constant = Tensor(value)
            constants[constant.name] = constant
        elif field == 12:
            outputs.append(next(bytes(part).decode() for field, _, part, _ in wire.fields(value) if field == 1))

    kept = []
    for node in nodes:
        sources = [constants.get(name) for name in node.inputs]
        if node.kind == "DequantizeLinear" and sources[0] is not None:
            constants[node.outputs[0]] = _weight(node, *sources)
        elif node.kind == "Reshape" and None not in sources:
            constants[node.outputs[0]] = _reshaped(node.outputs[0], *sources)
        else:
            kept.append(node)

    used = {name for node in kept for name in node.inputs}
    out = b"".join(wire.bytes_field(1, node.message) for node in kept) + wire.bytes_field(2, name)
    out += b"".join(wire.bytes_field(5, constants[name].message()) for name in sorted(used & constants.keys()))
    out += b"".join(wire.bytes_field(11, float_value(name, dims)) for name, dims in inputs.items())
    out += b"".join(wire.bytes_field(12, float_value(name)) for name in outputs)
    return model(out, OPSET, "zhipei-dequantise")


def _weight(node, quantised, scale, zero):
    """Along the axis, each run of block_size values has a scale and a zero point of its own; the last may be shorter."""
    block, axis, dims = node.integers["block_size"], node.integers["axis"], quantised.dims
    outer = _product(dims[:axis])
    length = dims[axis]
    inner = _product(dims[axis + 1:])
    blocks = -(-length // block)
    values, scales, zeros = quantised.numbers(), scale.numbers(), zero.numbers()
    out = array("f", bytes(4 * len(values)))
    for i in range(outer):
        for b in range(blocks):
            first, last = b * block, min((b + 1) * block, length)
            for j in range(inner):
                at = (i * blocks + b) * inner + j
                step, origin = scales[at], zeros[at]
                run = slice((i * length + first) * inner + j, (i * length + last) * inner, inner)
                # In double and rounded once, which is what one float32 multiplication of an integer gives.
                out[run] = array("f", [(value - origin) * step for value in values[run]])
    weight = Tensor(b"")
    weight.name, weight.kind, weight.dims, weight.raw = node.outputs[0], FLOAT, dims, float_bytes(out)
    return weight


def _reshaped(name, weight, shape):
    reshaped = Tensor(b"")
    reshaped.name, reshaped.kind, reshaped.dims, reshaped.raw = name, weight.kind, list(shape.numbers()), weight.raw
    if _product(reshaped.dims) != _product(weight.dims):
        raise wire.Malformed("%s does not fit its shape" % name)
    return reshaped


def _product(numbers):
    product = 1
    for number in numbers:
        product *= number
    return product
