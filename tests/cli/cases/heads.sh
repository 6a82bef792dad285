# Heads of ONNX networks: what inspect shows of them, what a side file changes, and what it refuses.
pictures good a.jpg
cp "$DATA/yolov8.onnx" a.onnx
show() { boxwright inspect --model a.onnx --cpu generic 2>&1 | grep -E '^(Input|Pictures|Head|Classes|boxwright)'; }
show
boxwright annotate a.jpg --out run --quiet --no-report --model a.onnx --conf 0.1 --max-det 3 --format yolo && wc -l <run/labels/a.txt
echo "--- a side file"
printf '# as it was trained\nnames = cup, ball\norder = bgr\nscale = 1\npadding = 0\nplacement = stretched\n' >a.boxwright
show
echo "--- is not written again"
rm a.boxwright
boxwright convert --model a.onnx -o c.onnx 2>&1
echo "exit $?"
echo "--- refused"
for line in 'ordre = bgr' 'order = grb' 'head = yolov88' 'classes = 3' 'strides = 8, 16' 'names'; do
    echo "$line" >a.boxwright
    show
done
