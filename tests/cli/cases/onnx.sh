# ONNX networks: one with every idiom, what convert writes read back, and what is refused.
pictures good a.jpg
boxwright inspect --model "$DATA/yolox.onnx" --cpu generic 2>&1 | grep -E '^(Fingerprint|Input|Classes|Layers|Weights|Candidates)'
boxwright annotate a.jpg --out run --quiet --no-report --model "$DATA/yolox.onnx" --conf 0.3 --max-det 3 --format yolo && wc -l <run/labels/a.txt
echo "--- read back"
boxwright convert $tiny -o boxes.onnx >/dev/null
boxwright convert $tiny -o raw.onnx --raw >/dev/null
boxwright convert --model "$DATA/yolox.onnx" -o yolox.onnx >/dev/null
boxwright annotate a.jpg --out cfg --quiet --no-report $tiny --conf 0.01 --format yolo --save-conf
for form in boxes raw; do
    boxwright annotate a.jpg --out $form --quiet --no-report --model $form.onnx --conf 0.01 --format yolo --save-conf
    cmp cfg/labels/a.txt $form/labels/a.txt && echo "$form: the same"
done
boxwright annotate a.jpg --out back --quiet --no-report --model yolox.onnx --conf 0.3 --max-det 3 --format yolo
cmp run/labels/a.txt back/labels/a.txt && echo "yolox: the same"
echo "--- plan"
boxwright build --model "$DATA/yolox.onnx" -o a.bwp >/dev/null
boxwright annotate a.jpg --out planned --quiet --no-report --model a.bwp --conf 0.3 --max-det 3 --format yolo
cmp run/labels/a.txt planned/labels/a.txt && echo "plan: the same"
echo "--- refused"
boxwright inspect --model "$DATA/yolox.onnx" --weights random:1 2>refused
echo "exit $?"
sed "s,$DATA,DATA," refused
head -c 300 "$DATA/yolox.onnx" >cut.onnx
boxwright inspect --model cut.onnx 2>&1
echo "exit $?"
sed 's/"kind": "yolo"/"kind": "what"/' raw.onnx >kind.onnx
boxwright inspect --model kind.onnx >said 2>&1
echo "exit $?"
head -1 said
boxwright convert $tiny -o int8.onnx --int8-qdq --calib noise 2>/dev/null >/dev/null
boxwright inspect --model int8.onnx >listed 2>&1
echo "exit $?, $(grep -c plain_ref listed) steps of general operators"
build() { boxwright build --model int8.onnx --no-tune -o int8.bwp "$@" 2>&1 | grep -E '^(Steps|Settings|Accuracy)' | sed 's/ on .*//; s/.*\(best_of\)/\1/; s/batch.*tuned/tuned/'; }
build --cpu avx2 --precision int8
build --cpu avx2 --precision best | grep best_of
echo "--- general operators"
boxwright inspect --model "$DATA/queries.onnx" --cpu generic | sed -n '/^General/,/^ Step/p'
boxwright inspect --model "$DATA/queries.onnx" --time | grep '^General' | sed 's/[0-9.]* %/N %/'
boxwright build --model "$DATA/queries.onnx" --cpu generic --no-tune -o queries.bwp | sed -n '/^Why/,$p' | sed 's/Built.*/Built/'
boxwright inspect --model queries.bwp | sed -n '/^General/,/^ Step/p'
