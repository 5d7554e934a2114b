"""The wire format of protocol buffers: as much of it as ONNX files need, and no more."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """Bytes that are not a message."""


def varint(number):
    """Negative numbers become ten bytes of two's complement, as the format asks."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(field, number):
    return varint(field << 3 | VARINT) + varint(number)


def bytes_field(field, content):
    content = content.encode() if isinstance(content, str) else bytes(content)
    return varint(field << 3 | BYTES) + varint(len(content)) + content


def fields(message):
    """Yields (field, wire type, value, the bytes of all of it); value is an int or a memoryview."""
    message = memoryview(message)
    at = 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _read_varint(message, at)
        elif kind == BYTES:
            size, at = _read_varint(message, at)
            value, at = message[at:at + size], at + size
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
            value, at = message[at:at + size], at + size
        else:
            raise Malformed("wire type %d" % kind)
        if at > len(message):
            raise Malformed("cut short")
        yield field, kind, value, message[start:at]


def signed(number):
    """A varint read as int64."""
    return number - (1 << 64) if number >> 63 else number


def packed_numbers(kind, value):
    """The integers of one occurrence of a repeated int64 field, packed or not."""
    if kind == VARINT:
        return [signed(value)]
    numbers, at = [], 0
    while at < len(value):
        number, at = _read_varint(value, at)
        numbers.append(signed(number))
    return numbers


def _read_varint(message, at):
    number = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise Malformed("a number cut short")
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
