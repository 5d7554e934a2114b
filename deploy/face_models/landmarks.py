"""MediaPipe's landmark models, TensorFlow Lite to ONNX.

Inside, the landmark net is turned from NHWC to NCHW; its input and outputs keep name and shape. The blendshape net has
only 1x1 convolutions, which are products over the last axis, so its layout stays. What these two models do not use is
refused by an assertion rather than guessed.
"""

from array import array

from onnx_graph import Graph
from tflite import FLOAT16, FLOAT32, Model

SAME, VALID = 0, 1  # paddings


def convert(buffer, name, nchw):
    """ONNX bytes of a landmark model."""
    return _Conversion(Model(buffer), name, nchw).run()


class _Conversion:
    def __init__(self, model, name, nchw):
        self.tensors, self.model, self.nchw = model.tensors, model, nchw
        self.graph = Graph(name)
        self.names = {}  # number of a tensor -> its name in ONNX

    def run(self):
        graph, nchw = self.graph, self.nchw
        for i in self.model.inputs:
            tensor = self.tensors[i]
            graph.input(tensor.name, tensor.shape)
            turned = nchw and len(tensor.shape) == 4
            self.names[i] = graph.node("Transpose", [tensor.name], perm=[0, 3, 1, 2]) if turned else tensor.name
        for operator, inputs, output, options in self.model.operators:
            if operator == "DEQUANTIZE":  # float16 constants, which are read as floats already
                source = self.tensors[inputs[0]]
                assert source.data is not None and source.kind == FLOAT16
                self.tensors[output].data = source.data
                continue
            assert self.tensors[output].kind == FLOAT32
            self.names[output] = getattr(self, "_" + operator.lower())(inputs, output, options)
        for i in self.model.outputs:
            tensor = self.tensors[i]
            if nchw and len(tensor.shape) == 4:
                assert tensor.shape[1:3] == [1, 1]  # one pixel: a Reshape is the way back to NHWC
                graph.node("Reshape", [self.names[i], graph.integers(tensor.shape)], tensor.name)
            else:
                graph.node("Identity", [self.names[i]], tensor.name)
            graph.output(tensor.name, tensor.shape)
        return graph.model()

    def _constant(self, i, suffix="", dims=None, data=None):
        tensor = self.tensors[i]
        return self.graph.floats("c%d%s" % (i, suffix), tensor.shape if dims is None else dims, tensor.data if data is None else data)

    def _value(self, i):
        tensor = self.tensors[i]
        if tensor.data is None:
            return self.names[i]
        assert len(tensor.shape) < 2 or not self.nchw  # no constant by channel or larger meets an NCHW value here
        return self._constant(i)

    def _activated(self, name, activation):
        assert activation in (0, 1), "an activation other than none and ReLU"
        return self.graph.node("Relu", [name]) if activation else name

    def _conv_2d(self, inputs, _output, options, depthwise=False):
        x, w, b = inputs
        out, height, width, channels = self.tensors[w].shape
        stride_x, stride_y = options.number(1, "i"), options.number(2, "i")
        activation, dilation = (4, 5) if depthwise else (3, 4)
        assert options.number(dilation, "i", 1) == options.number(dilation + 1, "i", 1) == 1, "dilation"
        activation, bias, weights = options.number(activation, "b"), self._constant(b), self.tensors[w].data
        if not self.nchw:
            assert (height, width, stride_y, stride_x, depthwise) == (1, 1, 1, 1, False)
            matrix = self._constant(w, "t", [channels, out], _last_axis_forward(weights, 1, out, channels))
            product = self.graph.node("MatMul", [self._value(x), matrix])
            return self._activated(self.graph.node("Add", [product, bias]), activation)
        _, in_height, in_width, in_channels = self.tensors[x].shape
        same = options.number(0, "b") == SAME
        top, bottom = _same_pads(in_height, height, stride_y) if same else (0, 0)
        left, right = _same_pads(in_width, width, stride_x) if same else (0, 0)
        dims, group = ([channels, 1, height, width], in_channels) if depthwise else ([out, channels, height, width], 1)
        assert not depthwise or (out == 1 and options.number(3, "i") == 1 and channels == in_channels)
        kernel = self._constant(w, "k", dims, _last_axis_forward(weights, out, height * width, channels))
        made = self.graph.node(
            "Conv", [self._value(x), kernel, bias],
            kernel_shape=[height, width], strides=[stride_y, stride_x], pads=[top, left, bottom, right], group=group,
        )
        return self._activated(made, activation)

    def _depthwise_conv_2d(self, inputs, output, options):
        return self._conv_2d(inputs, output, options, depthwise=True)

    def _prelu(self, inputs, _output, _options):
        channels = self.tensors[inputs[1]].shape[-1]
        assert self.nchw and self.tensors[inputs[1]].shape == [1, 1, channels]
        return self.graph.node("PRelu", [self._value(inputs[0]), self._constant(inputs[1], "s", [channels, 1, 1])])

    def _max_pool_2d(self, inputs, _output, options):
        assert self.nchw and options.number(0, "b") == VALID and options.number(5, "b") == 0
        kernel, strides = [options.number(4, "i"), options.number(3, "i")], [options.number(2, "i"), options.number(1, "i")]
        return self.graph.node("MaxPool", [self._value(inputs[0])], kernel_shape=kernel, strides=strides)

    def _pad(self, inputs, _output, _options):
        pads = self.tensors[inputs[1]].data  # before and after, axis by axis, NHWC
        order = [0, 3, 1, 2] if self.nchw else range(len(pads) // 2)
        pads = [pads[2 * axis] for axis in order] + [pads[2 * axis + 1] for axis in order]
        return self.graph.node("Pad", [self._value(inputs[0]), self.graph.integers(pads)])

    def _arithmetic(self, kind, inputs, options):
        assert not self.nchw or self.tensors[inputs[0]].shape == self.tensors[inputs[1]].shape
        made = self.graph.node(kind, [self._value(inputs[0]), self._value(inputs[1])])
        return self._activated(made, options.number(0, "b") if options else 0)

    def _add(self, inputs, _output, options):
        return self._arithmetic("Add", inputs, options)

    def _sub(self, inputs, _output, options):
        return self._arithmetic("Sub", inputs, options)

    def _mul(self, inputs, _output, options):
        return self._arithmetic("Mul", inputs, options)

    def _div(self, inputs, _output, options):
        return self._arithmetic("Div", inputs, options)

    def _squared_difference(self, inputs, _output, options):
        difference = self._arithmetic("Sub", inputs, None)
        return self.graph.node("Mul", [difference, difference])

    def _logistic(self, inputs, _output, _options):
        return self.graph.node("Sigmoid", [self._value(inputs[0])])

    def _neg(self, inputs, _output, _options):
        return self.graph.node("Neg", [self._value(inputs[0])])

    def _sqrt(self, inputs, _output, _options):
        return self.graph.node("Sqrt", [self._value(inputs[0])])

    def _rsqrt(self, inputs, _output, _options):
        return self.graph.node("Reciprocal", [self.graph.node("Sqrt", [self._value(inputs[0])])])

    def _mean(self, inputs, _output, options):
        axes = self.tensors[inputs[1]].data  # in opset 17 an attribute of ReduceMean, but an input of ReduceSum
        return self.graph.node("ReduceMean", [self._value(inputs[0])], axes=axes, keepdims=options.number(0, "b"))

    def _sum(self, inputs, _output, options):
        axes = self.graph.integers(self.tensors[inputs[1]].data)
        return self.graph.node("ReduceSum", [self._value(inputs[0]), axes], keepdims=options.number(0, "b"))

    def _transpose(self, inputs, _output, _options):
        assert not self.nchw
        return self.graph.node("Transpose", [self._value(inputs[0])], perm=self.tensors[inputs[1]].data)

    def _concatenation(self, inputs, _output, options):
        assert not self.nchw and options.number(1, "b") == 0
        return self.graph.node("Concat", [self._value(i) for i in inputs], axis=options.number(0, "i"))

    def _reshape(self, inputs, output, _options):
        assert not self.nchw or self.tensors[inputs[0]].shape[1:3] == [1, 1]
        return self.graph.node("Reshape", [self._value(inputs[0]), self.graph.integers(self.tensors[output].shape)])

    def _strided_slice(self, inputs, _output, options):
        begin, end, step = (self.tensors[i].data for i in inputs[1:])
        begin_mask, end_mask, ellipsis, new_axis, shrink = (options.number(field, "i") for field in range(5))
        assert not self.nchw and set(step) == {1} and ellipsis == new_axis == 0 and shrink in (0, 1)
        shape = self.tensors[inputs[0]].shape
        ends = [shape[axis] if end_mask >> axis & 1 else end[axis] for axis in range(len(end))]
        begins = [0 if begin_mask >> axis & 1 else begin[axis] for axis in range(len(begin))]
        made = self.graph.node("Slice", [self._value(inputs[0]), self.graph.integers(begins), self.graph.integers(ends)])
        return self.graph.node("Squeeze", [made, self.graph.integers([0])]) if shrink else made


def _last_axis_forward(data, outer, middle, last):
    """[outer, middle, last] -> [outer, last, middle]: OHWI to OIHW, depthwise 1HWC to C1HW, [O, I] to [I, O]."""
    out = array("f")
    for i in range(outer):
        block = data[i * middle * last:(i + 1) * middle * last]
        for j in range(last):
            out += block[j::last]
    return out


def _same_pads(size, kernel, stride):
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2  # the odd pixel goes to the end
