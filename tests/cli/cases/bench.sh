# bench: the figures it is given, the files of a sweep, the ways to name things.
quick="--duration 0.02 --warmup 0 --threads 1"
figures() { sed -n '/Five/,$p' | sed 's/[0-9][0-9.]*/N/g; s/not available:.*;/not available: ...;/; s/W (.*/W (...)/'; }
keys() {
    python3 -c 'import json, sys
def show(value, at):
    if isinstance(value, dict):
        for key in sorted(value): show(value[key], f"{at} {key}")
    elif isinstance(value, list):
        show(value[0], f"{at} [{len(value)}]")
    else:
        print(at, type(value).__name__ if value != 0 else 0)
show(json.load(open(sys.argv[1])), ">")' "$1"
}

boxwright bench $tiny $quick | figures | sed 's/^Energy.*/Energy .../'
boxwright bench $tiny $quick --price-per-hour 0.36 --watts 50 --json priced.json | figures |
    sed 's/^Energy.*/Energy .../'
python3 -c 'import json; r = json.load(open("priced.json")); f = r["figures"]
print(abs(f["cost_per_million_images"] * r["throughput"] / 100 - 1) < 1e-4)
energy = f["energy"]
print(abs(energy["joules_per_image"] * r["throughput"] / energy["watts"] - 1) < 1e-4)
print(energy["source"] == "rapl" or (energy["source"], energy["watts"]) == ("estimate", 50))
print(f["throughput"] == r["throughput"], f["memory_mb"]["peak"] == r["peak_memory_mb"])
print(abs(f["memory_mb"]["weights"] + f["memory_mb"]["activations"] - f["memory_mb"]["plan"]) < 1e-5)'

echo "--- quality"
mkdir -p set/images set/labels
pictures good set/images/a.png
echo '0 0.25 0.5 0.5 0.5' >set/labels/a.txt
boxwright bench $tiny $quick --truth set --json judged.json | grep ^Quality
boxwright eval $tiny --truth set --json eval.json >/dev/null
python3 -c 'import json
quality, eval = json.load(open("judged.json"))["figures"]["quality"], json.load(open("eval.json"))
print(*quality, abs(quality["AP"] - eval["AP"]) < 1e-6)'
boxwright bench $tiny $quick --images set 2>&1 | head -n 1
boxwright bench $tiny --truth set --sweep batch=1,2 2>&1 | head -n 1
rm -r set *.json

echo "--- operand, percentiles, profile"
cp "$DATA/tiny.cfg" here.cfg
boxwright bench --weights random:1 $quick --percentile 50,99.9 --json p.json here.cfg |
    grep -o 'percentile([^)]*)'
python3 -c 'import json; print(*json.load(open("p.json"))["latency_ms"])'
boxwright bench $tiny $quick --export-profile profile.json | grep -c Profile
keys profile.json
python3 -c 'import json; count, *steps = json.load(open("profile.json"))
print(len(steps), count["count"] > 0, round(sum(s["percentage"] for s in steps)))
print(*steps[0])'

echo "--- sweep"
boxwright bench $tiny --duration 0.01 --warmup 0 --sweep batch=4,1,2 threads=1,2 --streams 1 --out swept \
    --json sweep.json 2>progress | sed 's/  *[0-9][0-9.]*/ N/g; s/ !//; s/threads*/threads/' |
    grep -v Warning
sed 's/: .*/: .../' progress
ls swept
cut -d, -f1-3 swept/sweep.csv
head -1 swept/sweep.csv
python3 -c 'import json; points = json.load(open("sweep.json"))["points"]
print(*((p["batch"], p["threads"], p["streams"]) for p in points))'
boxwright bench $tiny --duration 0 --warmup 0 --sweep "batch=2 threads=1" --sweep batch=1 2>&1 >table |
    sed 's/: .*/: .../'
ls boxwright-sweep
boxwright bench --model "$DATA/tiny.cfg" --weights random:1 --sweep batch=1 --out /dev/null/x 2>/dev/null
echo "exit $?"

boxwright bench $tiny --duration 0 --warmup 0 --sweep threads=1,2 streams=1,2 --out streams 2>&1 >table |
    sed 's/: .*/: .../'
ls streams
cut -d, -f1-3 streams/sweep.csv

echo "--- wrong uses"
try() {
    echo "\$ boxwright bench $*"
    boxwright bench "$@" 2>&1 | head -1
}
try a b
try --model a b
try --sweep size=320
boxwright build $tiny --no-tune -o a.bwp >/dev/null
try a.bwp --sweep batch=1,2
try --sweep batch
try --sweep batch=1 threads=0
try --sweep batch=1 --profile
try --sweep threads=1 streams=2
try --out x
try --percentile 100
try --percentile 90,,95
