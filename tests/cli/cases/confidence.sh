# --save-conf, --classes by name and by number, --max-det.
pictures good a.jpg
run() {
    boxwright annotate a.jpg --out run $tiny --quiet --overwrite --conf 0 --iou 1 "$@"
}
run --max-det 7 --save-conf
awk '{ print NF, ($6 > 0 && $6 <= 1) }' run/labels/a.txt | sort | uniq -c
run --max-det 20 --save-conf
wc -l run/labels/a.txt
run --classes dog --max-det 5
cut -d' ' -f1 run/labels/a.txt
run --classes 0 --max-det 2
cut -d' ' -f1 run/labels/a.txt
run --classes 'dog, cat' --max-det 9
wc -l run/labels/a.txt
