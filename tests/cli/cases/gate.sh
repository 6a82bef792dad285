# The accuracy gate of build and annotate, on networks that find boxes everywhere and nowhere.
mkdir photos
pictures good photos/a.png photos/b.jpg
python3 - <<END
import array, random
random.seed(1)
numbers = array.array("f")
for inputs, filters in (3, 8), (8, 16):
    numbers.extend([0] * filters + [1] * filters + [0] * filters + [1] * filters)
    numbers.extend(random.uniform(-1, 1) for _ in range(9 * inputs * filters))
numbers.extend([-9] * 21 + [0.01] * 16 * 21)
open("blind.weights", "wb").write(array.array("i", [0, 2, 0, 0, 0]).tobytes() + numbers.tobytes())
END
blind="--model $DATA/tiny.cfg --weights blind.weights"
int8="--precision int8 --calib photos"
build() {
    boxwright build --no-tune -o plan.bwp "$@" >said 2>&1
    echo "exit $?"
    grep 'boxwright:\|^Accuracy' said | sed 's/[0-9]\.[0-9]*/N/g; s/the [0-9]* boxes/the N boxes/'
    test ! -e plan.bwp || boxwright inspect --model plan.bwp | sed -n 's/.*cpu=[^ ]*/settings:/p' | sed 's/=[0-9][0-9.]*/=N/g'
    rm -f plan.bwp
}
build $tiny $int8
build $blind $int8
echo "--- not measured"
build $blind $int8 --no-gate
build $blind --precision int8 --calib noise
build $blind --max-drop 0
build $blind $int8 --max-drop 2
echo "--- labels"
mkdir -p set/images set/labels beside
pictures good set/images/a.png beside/a.png
echo '0 0.25 0.5 0.5 0.5' | tee set/labels/a.txt >beside/a.txt
for folder in set set/images beside; do
    build $tiny --precision int8 --calib $folder
done
echo '7 0.25 0.5 0.5 0.5' >set/labels/a.txt
build $tiny --precision int8 --calib set
echo "--- annotate"
annotate() {
    boxwright annotate photos --out run --overwrite $blind --no-report "$@" >said 2>&1
    echo "exit $?"
    grep 'boxwright:\|^Accuracy' said
    echo "$(ls "$XDG_CACHE_HOME/boxwright/plans" 2>/dev/null | wc -l) kept"
}
annotate $int8 --quiet
ls run 2>/dev/null
annotate $int8 --no-gate
annotate $int8 --no-gate
annotate $int8
annotate --precision int8 --calib noise
echo "--- convert"
boxwright convert $blind --int8-qdq --calib photos -o blind.onnx 2>&1
echo "exit $?"
boxwright convert $tiny --int8-qdq --calib photos --max-drop 0 -o drop.onnx 2>&1 |
    sed 's/[0-9]\.[0-9]*/N/g' | tail -1
test ! -e blind.onnx && test ! -e drop.onnx && echo "nothing written"
