# eval --out: the files it writes, a page that needs nothing from elsewhere, pictures that are missing.
mkdir -p set/images set/labels
pictures good set/images/a.png "set/images/<b>.png"
printf '0 0.25 0.5 0.5 0.5\n1 0.8 0.5 0.2 0.2\n' >set/labels/a.txt
printf '0 0.5 0.5 0.5 0.5\n' >"set/labels/<b>.txt"
printf 'cat & co\ndog\n' >names
mkdir found
printf '0 0.25 0.5 0.5 0.5 0.7\n0 0.8 0.5 0.2 0.2 0.6\n' >found/a.txt
printf '0 0.5 0.5 0.5 0.5 0.9\n1 0.1 0.1 0.1 0.1 0.1\n' >"found/<b>.txt"
boxwright eval found --truth set --names names --out out | grep -c maxDets
ls out
sed -n 2p out/classes.csv | cut -d , -f 1-8
python3 - <<'END'
import json, re
page = open("out/report.html", encoding="utf-8").read()
sources = re.findall(r'(?:src|href)="([^"]{5})', page)
print(len(sources), "sources,", sum(s not in ("data:",) and s[0] != "#" for s in sources), "from elsewhere")
print(page.count("<figure>"), "pictures,", page.count('<image id='), "of them there")
print(re.findall(r"<small>([^<]*)</small>", page))
print(re.findall(r'<g class="(\w+)">.*?<title>([^<]*)</title>', page))
print("<b>.png" in page.split("<main>")[1], "&lt;b&gt;.png" in page)
matrix = json.load(open("out/figures.json", encoding="utf-8"))["confusion_matrix"]
print(matrix)
END
echo "--- one picture of two, which is not there"
mkdir labels
cat >truth.json <<'END'
{"images": [{"id": 1, "file_name": "none.png", "width": 24, "height": 16},
            {"id": 2, "file_name": "other.png"}],
 "categories": [{"id": 1, "name": "cat"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 2, 10, 8], "area": 80, "iscrowd": 0}]}
END
echo '[{"image_id": 2, "category_id": 1, "bbox": [2, 2, 10, 8], "score": 0.9}]' >found.json
boxwright eval found.json --truth truth.json --out other/deep --worst 1 >/dev/null
grep -o '<small>[^<]*' other/deep/report.html
echo "--- refused"
: >file
boxwright eval found.json --truth truth.json --out file 2>&1 >/dev/null
echo "exit $?"
boxwright eval found.json --truth truth.json --worst 5000 2>&1 | head -n 1
