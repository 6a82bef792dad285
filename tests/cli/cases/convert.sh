# Networks as ONNX: what is said, what is refused, and that the same network gives the same file.
boxwright convert $tiny -o a.onnx
boxwright convert "$DATA/tiny.cfg" --weights random:1 --to onnx --output b.onnx && cmp a.onnx b.onnx
boxwright convert $tiny -o raw.onnx --raw --opset 17 --dynamic-batch
boxwright convert $tiny -o nms.onnx --with-nms --conf 0.3 --size 64
boxwright convert $tiny -o int8.onnx --int8-qdq --calib noise 2>/dev/null
boxwright convert $tiny -o trt.onnx --int8-qdq --symmetric --calib noise 2>/dev/null
for word in NonMaxSuppression QuantizeLinear Sigmoid; do
    echo "$word: $(grep -l $word ./*.onnx | tr '\n' ' ')"
done
echo "--- accuracy"
mkdir photos && pictures good photos/a.png photos/b.png
boxwright convert $tiny -o d.onnx --int8-qdq --calib photos 2>&1 | sed -n "s/[0-9][0-9.]*/N/g; \$ p"
boxwright convert $tiny -o d.onnx --int8-qdq --calib photos --no-gate 2>/dev/null
echo "--- darknet"
boxwright convert $tiny --to darknet -o again.cfg
boxwright convert a.onnx --to darknet -o folded.cfg
boxwright convert again.cfg --to darknet -o third.cfg
cmp again.weights third.weights && cmp again.names third.names
grep -v '^# Written' folded.cfg
echo "--- refused"
for wrong in "" "-o c.onnx --raw --with-nms" "-o c.onnx --symmetric" "-o c.onnx --to caffe" \
    "-o c.onnx --opset 12" "-o c.onnx --int8-qdq" "-o c.onnx --no-gate" \
    "--to darknet" "--to darknet -o c.cfg --raw" \
    "-o nowhere/c.onnx" "-o c.onnx --conf 0.3" "-o c.cfg" "-o c.weights" \
    "--to darknet -o c.weights" "--to darknet -o c.names"; do
    boxwright convert $tiny $wrong 2>&1
    echo "exit $?"
done
echo "--- what the model is read from stays"
for own in "again.cfg --to darknet -o again.cfg" "again.cfg --to darknet -o again.new" \
    "a.onnx -o ./a.onnx"; do
    boxwright convert $own 2>&1
    echo "exit $?"
done
cmp again.weights third.weights && cmp a.onnx b.onnx
ls
