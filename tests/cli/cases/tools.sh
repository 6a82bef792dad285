# inspect, bench and doctor: their shape, their files, their exit status.
boxwright inspect $tiny --cpu generic --size 128x96 | sed "s|$DATA|DATA|" | grep -v '^Fingerprint'
echo "--- bench"
boxwright bench $tiny --duration 0.05 --warmup 0 --profile --json bench.json --threads 1 |
    grep -v Warning | sed 's/[0-9][0-9.]*/N/g; s/  */ /g; s/N thread,.*/N thread/; s/^Energy .*/Energy .../' | grep -v convol
python3 -c 'import json; r = json.load(open("bench.json")); print(*sorted(r)); print(*r["latency_ms"])
print(r["batch"], r["threads"], r["precision"], r["throughput"] > 0, r["peak_memory_mb"] > 0)'
boxwright bench $tiny --duration 0 --json /nowhere/x.json >/dev/null
echo "exit $?"
echo "--- doctor"
boxwright doctor $tiny | grep -v '^  ' | sed 's/: .*/: .../'
boxwright doctor >/dev/null --model no-such-model
echo "exit $?"
boxwright inspect $tiny >/dev/full
