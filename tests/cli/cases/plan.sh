# A plan in a file: what it gives is what its model gives; what contradicts or damages it is refused.
pictures good a.jpg
boxwright build $tiny --no-tune --batch 2 -o a.bwp | sed 's/[0-9][0-9.]* MB/N MB/g; s/in [0-9.]* s/in N s/; s/, on .*//' | grep -Ev 'Finger|Settings'
boxwright build $tiny --cpu generic --output=generic.bwp >/dev/null
boxwright annotate a.jpg --out model $tiny --conf 0.1 --no-cache --quiet --no-report
boxwright annotate a.jpg --out plan --model a.bwp --conf 0.1 --quiet --no-report
cmp model/coco_results.json plan/coco_results.json && grep -c bbox plan/coco_results.json
cmp model/labels/a.txt plan/labels/a.txt
query plan "SELECT value FROM settings WHERE key = 'batch'"
test -e "$XDG_CACHE_HOME" || echo "no cache"
boxwright inspect --model a.bwp --batch 2 | grep -c '^File'
boxwright bench --model a.bwp --duration 0.01 --warmup 0 | sed -n 's/^[0-9]* x [0-9]*, fp32, \(batch [0-9]\).*/\1/p'
echo "--- contradictions"
for option in "--batch 1" "--size 96" "--precision int8" "--weights random:2" "--names x" "--calib noise"; do
    boxwright inspect --model a.bwp $option 2>&1
    echo "exit $?"
done
boxwright inspect --model a.bwp --size 64 --cpu all | tail -1 | cut -c1-20
boxwright inspect --model generic.bwp --cpu generic >/dev/null && echo "generic is fine"
boxwright build --model a.bwp -o b.bwp 2>&1
echo "exit $?"
echo "--- damage"
head -c 5000 a.bwp >cut.bwp
boxwright inspect --model cut.bwp 2>&1 | sed 's/[0-9][0-9]* bytes/N bytes/; s/have [0-9]*/have N/'
python3 - <<END
data = bytearray(open("a.bwp", "rb").read())
for name, place, bit in ("head", 20, 1), ("tables", 100, 1), ("weights", len(data) - 9, 4), ("version", 8, 32):
    copy = bytearray(data)
    copy[place] ^= bit
    open(name + ".bwp", "wb").write(copy)
END
for name in head tables weights version; do
    boxwright annotate a.jpg --out none --model $name.bwp 2>&1
    echo "exit $?"
done
echo "--- writing"
boxwright build $tiny 2>&1
boxwright build $tiny -o /nowhere/x.bwp 2>&1
boxwright build $tiny -o 2>&1
cp "$DATA/tiny.cfg" own.cfg
for own in own.cfg a.bwp; do
    boxwright build --model $own --weights random:1 -o ./$own 2>&1
    echo "exit $?"
done
cmp own.cfg "$DATA/tiny.cfg"
boxwright doctor --model generic.bwp | sed -n '/^Model/,/plan/ s/: .*//p'
boxwright build $tiny -x x.bwp 2>&1 | head -1
ls
