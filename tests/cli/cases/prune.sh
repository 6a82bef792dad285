# Pruned plans: smaller networks, the table of what was removed, and options that make no sense.
mkdir photos
pictures good photos/a.png photos/b.jpg
cat >wide.cfg <<END
[net]
width=64
height=64
channels=3
[convolutional]
batch_normalize=1
filters=32
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=64
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=21
size=1
stride=1
pad=1
activation=linear
[yolo]
mask=0,1,2
anchors=8,8,16,16,30,30
classes=2
num=3
END
wide="--model wide.cfg --weights random:1 --no-tune"
build() {
    plan=$1.bwp
    shift
    boxwright build $wide -o "$plan" "$@" >said 2>&1
    echo "exit $?"
    grep 'boxwright:\|^Pruning\|^Speed\|^Accuracy\|^Tried\|^   *[0-9.]* % less\|^Stopped' said | sed 's/[0-9]*\.[0-9]*/N/g; s/the [0-9]* boxes/the N boxes/'
}
build half --prune 0.5 --calib photos --no-gate
boxwright inspect --model half.bwp | sed -n '/^Pruned/,$p' | sed 's/[0-9]*\.[0-9]*/N/g; s/  *[0-9]* *\([0-9]* *N  *N%\)/ KEPT \1/; s/KEPT *[0-9]*/KEPT/; s/  */ /g'
boxwright annotate photos --model half.bwp --out run --quiet --no-report; echo "exit $?"
build int8 --prune 30% --calib photos --no-gate --precision int8 --share-weights 6
test $(stat -c %s int8.bwp) -lt $(stat -c %s half.bwp) && echo smaller
build strict --prune 0.5 --calib photos --max-drop 0
test -e strict.bwp || echo "no plan"
build auto --prune auto --calib photos --max-drop 1 | sed '/pruning:/d'
echo "--- wrong"
build wrong --prune 0.5
build wrong --prune 2 --calib photos
build wrong --prune some --calib photos
build wrong --prune auto --calib photos --no-gate
build wrong --prune 0.5 --calib noise
