# Where models are looked for, and what goes wrong with them.
pictures good a.jpg
boxwright annotate a.jpg --out run --model no-such-model 2>&1 | sed "s|'.*in /|in /|" | grep -c "/.local/share/boxwright/models"
mkdir -p models/nested "$HOME/.local/share/boxwright/models"
cp "$DATA/tiny.cfg" models/flat.cfg
cp "$DATA/tiny.cfg" models/nested/nested.cfg
cp "$DATA/tiny.cfg" "$HOME/.local/share/boxwright/models/home.cfg"
export BOXWRIGHT_MODELS=$PWD/models
for name in flat nested home models/flat.cfg; do
    boxwright inspect --model $name --weights random:3 | sed -n "s|$PWD|.|; s|$HOME|HOME|; 1p"
done
boxwright annotate a.jpg --out run --model flat 2>&1 | sed "s|$PWD|.|g"
echo "[net" >broken.cfg
boxwright annotate a.jpg --out run --model broken.cfg --weights random:1 2>&1
echo text >text.onnx
for model in text.onnx models models/none.cfg falt; do
    boxwright annotate a.jpg --out run --model $model 2>&1 | sed "s|in .*;|in PLACES;|"
done
printf 'only one\n' >short.names
boxwright annotate a.jpg --out run $tiny --names short.names 2>&1
ls
