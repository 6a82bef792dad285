# Plans with shared weights: smaller files that find the same boxes, and options that make no sense.
mkdir photos
pictures good photos/a.png photos/b.jpg
build() {
    plan=$1.bwp
    shift
    boxwright build $tiny --no-tune --no-gate -o "$plan" "$@" >said 2>&1
    echo "exit $?"
    grep 'boxwright:\|^Sharing' said | sed 's/[0-9]*\.[0-9]*/N/g'
}
int8="--precision int8 --calib photos"
build dense $int8
build shared $int8 --share-weights 4
build auto $int8 --share-weights auto
test $(stat -c %s shared.bwp) -lt $(stat -c %s dense.bwp) && echo smaller
boxwright inspect --model shared.bwp | sed -n 's/.*\(shared=.*\)/\1/p; /^Sharing/p' | sed 's/[0-9]*\.[0-9]*/N/g'
boxwright annotate photos --model shared.bwp --out run --quiet --no-report; echo "exit $?"
echo "--- wrong"
build wrong --share-weights 4
build wrong $int8 --share-weights 3
head -c 2000 shared.bwp >cut.bwp
boxwright inspect --model cut.bwp 2>&1 | sed 's/[0-9][0-9]* bytes/N bytes/; s/have [0-9]*/have N/'
