# What other programs see of a run: the log, the progress file, the metrics; figures that add up.
mkdir photos
pictures good photos/a.jpg photos/b.png photos/c.bmp
echo "no picture" >photos/d.jpg
boxwright annotate photos --out run $tiny --conf 0 --max-det 2 --iou 1 --log json --metrics run.prom \
    2>log.json | sed 's/in .* s (.*)/in T (R)/; s/^Busy: .*/Busy: B/'
echo "--- the log"
python3 - <<'END'
import json, re
for line in open("log.json"):
    event = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event
    print(event["level"], event["message"], {key: event[key] for key in event if key in
          ("out", "path", "kind", "number", "state", "pictures", "failed", "boxes")})
END
echo "--- the progress file"
python3 - <<'END'
import json
told = json.load(open("run/progress.json"))
print({key: told[key] for key in ("state", "pictures", "failed", "boxes", "total", "seconds_left")})
print(sorted(told), sorted(told["stages"]))
END
echo "--- the metrics"
grep -v '^#' run.prom | sed 's/\(seconds_total.*}\|_us{.*}\) .*/\1 T/; s/model=".*tiny.cfg"/model="tiny.cfg"/'
grep -c '^# TYPE' run.prom
echo "--- the stages of the engine's thread fit into the run"
query run "SELECT sum(value) <= (SELECT value FROM settings WHERE key = 'time_wall') + 0.001, count(*)
    FROM settings WHERE key IN ('time_wait', 'time_prepare', 'time_network', 'time_detect')"
echo "--- decoding fits into its threads, writing into the run"
query run "SELECT t.value <= d.value * w.value + 0.001, o.value <= w.value + 0.001
    FROM settings t, settings d, settings w, settings o WHERE t.key = 'time_decode'
    AND d.key = 'decoders' AND w.key = 'time_wall' AND o.key = 'time_write'"
query run "SELECT count(*) FROM settings WHERE key = 'limited_by' AND value != ''"
echo "--- an error is an event, too"
boxwright annotate photos --out run $tiny --model none.cfg --log json --overwrite 2>&1 |
    python3 -c 'import json, sys; print(json.loads(sys.stdin.read())["level"])'
boxwright annotate photos --out other $tiny --metrics none/run.prom --quiet
echo "exit $?"
