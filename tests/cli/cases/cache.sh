# The cache of plans: filled, used, mended, shared; never a reason to fail.
pictures good a.jpg
plans="$XDG_CACHE_HOME/boxwright/plans"
run() {
    boxwright annotate a.jpg --out run --overwrite $tiny --conf 0.1 --quiet --no-report "$@"
    echo "exit $? $(cksum <run/coco_results.json)"
}
run --no-cache >expected
count() { ls "$plans" | wc -l; }
run | cmp - expected && count
before=$(stat -c %i "$plans"/*)
run | cmp - expected && count
test "$before" = "$(stat -c %i "$plans"/*)" && echo "used again"
for size in 0 100 5000; do
    head -c $size "$plans"/* >short && cat short >"$(echo "$plans"/*)"
    run | cmp - expected && count
    run | cmp - expected
    test "$(stat -c %s "$plans"/*)" -gt 5000 && echo "mended"
done
run --batch 2 | cmp - expected && count
rm -r "$plans"
for number in 1 2 3 4 5 6; do
    boxwright annotate a.jpg --out run$number $tiny --conf 0.1 --quiet --no-report &
done
wait
cmp run1/coco_results.json run6/coco_results.json && count
touch -d "2 hours ago" "$plans/x.bwp.1-2.part"
touch "$plans/y.bwp.1-2.part"
run --batch 3 | cmp - expected
(cd "$plans" && ls *.part)
export XDG_CACHE_HOME=/dev/null/nowhere
run | cmp - expected
unset XDG_CACHE_HOME
HOME=/dev/null run | cmp - expected
run | cmp - expected
ls "$HOME/.cache/boxwright/plans" | wc -l
