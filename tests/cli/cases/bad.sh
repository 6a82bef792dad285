# Every kind of bad file among good ones: exact counts, exit 3, each with its reason.
pictures bad photos
pictures good photos/00-good.jpg photos/20a-good.png photos/99-good.bmp
boxwright annotate photos --out run $tiny --conf 0 --max-det 2 --iou 1 | sed 's/in .* s (.*)/in T (R)/; s/^Busy: .*/Busy: B/'
boxwright annotate photos --out run $tiny --conf 0 --max-det 2 --iou 1 --quiet --overwrite
echo "exit $?"
query run 'SELECT count(*), sum(boxes) FROM items WHERE boxes IS NOT NULL'
query run 'SELECT name, kind FROM errors JOIN items ON number = item ORDER BY item'
query run "SELECT count(*) FROM errors WHERE message = '' OR message NOT LIKE '%photos/%'"
find run/labels -type f | sort
mkdir good
cp photos/*-good.* good
boxwright annotate good --out alone $tiny --conf 0 --max-det 2 --iou 1 --quiet
diff -r run/labels alone/labels && echo "the good labels are the same as without the bad"
grep -c 'class="bad"' run/report.html
