"""Reads TensorFlow Lite models: flatbuffers, little endian."""

import struct
from array import array

FLOAT32, FLOAT16, INT32 = 0, 1, 2

# Numbers of the operators in TFLite's schema; only what the two landmark models use.
OPERATORS = {
    0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 14: "LOGISTIC", 17: "MAX_POOL_2D",
    18: "MUL", 22: "RESHAPE", 34: "PAD", 39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 42: "DIV", 45: "STRIDED_SLICE", 54: "PRELU",
    59: "NEG", 74: "SUM", 75: "SQRT", 76: "RSQRT", 99: "SQUARED_DIFFERENCE",
}


class Table:
    """A table of a flatbuffer; its fields are fetched by their number in the schema."""

    def __init__(self, buffer, position):
        self.buffer, self.position = buffer, position
        self.fields = position - struct.unpack_from("<i", buffer, position)[0]
        self.fields_size = struct.unpack_from("<H", buffer, self.fields)[0]

    def number(self, field, code, default=0):
        at = self._at(field)
        return default if at is None else struct.unpack_from("<" + code, self.buffer, at)[0]

    def table(self, field):
        at = self._at(field)
        return None if at is None else Table(self.buffer, self._follow(at))

    def tables(self, field):
        at, count = self._vector(field)
        return [Table(self.buffer, self._follow(at + 4 * i)) for i in range(count)]

    def numbers(self, field, code):
        at, count = self._vector(field)
        return list(struct.unpack_from("<%d%s" % (count, code), self.buffer, at))

    def bytes(self, field):
        at, count = self._vector(field)
        return self.buffer[at:at + count]

    def _at(self, field):
        slot = 4 + 2 * field
        offset = struct.unpack_from("<H", self.buffer, self.fields + slot)[0] if slot < self.fields_size else 0
        return self.position + offset if offset else None

    def _follow(self, at):
        return at + struct.unpack_from("<I", self.buffer, at)[0]

    def _vector(self, field):
        at = self._at(field)
        if at is None:
            return 0, 0
        at = self._follow(at)
        return at + 4, struct.unpack_from("<I", self.buffer, at)[0]


class Tensor:
    """Name, shape and kind; `data` holds the values of a constant, as floats or integers, and is None otherwise."""

    def __init__(self, table, buffers):
        assert table.table(6) is None, "a sparse tensor"
        self.shape, self.kind, self.name = table.numbers(0, "i"), table.number(1, "b"), table.bytes(3).decode()
        raw = buffers[table.number(2, "I")].bytes(0)
        if not raw:
            self.data = None
        elif self.kind == INT32:
            self.data = list(struct.unpack("<%di" % (len(raw) // 4), raw))
        else:
            size, code = {FLOAT16: (2, "e"), FLOAT32: (4, "f")}[self.kind]
            self.data = array("f", struct.unpack("<%d%s" % (len(raw) // size, code), raw))


class Model:
    """The one graph of a file: tensors, (operator, inputs, output, options) in order, inputs and outputs."""

    def __init__(self, buffer):
        assert buffer[4:8] == b"TFL3", "not a TensorFlow Lite model"
        root = Table(buffer, struct.unpack_from("<I", buffer, 0)[0])
        (graph,) = root.tables(2)
        codes = [OPERATORS[max(code.number(0, "b"), code.number(3, "i"))] for code in root.tables(1)]
        buffers = root.tables(4)
        self.tensors = [Tensor(table, buffers) for table in graph.tables(0)]
        self.inputs, self.outputs = graph.numbers(1, "i"), graph.numbers(2, "i")
        self.operators = []
        for operator in graph.tables(3):
            (output,) = operator.numbers(2, "i")
            self.operators.append((codes[operator.number(0, "I")], operator.numbers(1, "i"), output, operator.table(4)))
