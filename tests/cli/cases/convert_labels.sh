# Labels go from format to format, and come back as they were.
mkdir -p pictures/sub
pictures good pictures/a.jpg 'pictures/sub/b c.jpg'
cat >start.jsonl <<'END'
{"file_name":"a.jpg","width":24,"height":16,"detections":[{"class_id":0,"class":"car","score":0.5,"bbox":[1,2,10,4]}]}
{"file_name":"sub/b c.jpg","width":24,"height":16,"detections":[]}
END
boxwright convert-labels start.jsonl one --to voc,coco-dataset
boxwright convert-labels one two --from voc --to yolo,csv --link-images --images pictures
cat two/data.yaml two/labels/a.txt two/annotations.csv
find two/images -type l | sort
boxwright convert-labels two three --from yolo --to jsonl
cat three/annotations.jsonl
boxwright convert-labels two/labels three --to csv
echo "--- names"
echo bus >names.txt
boxwright convert-labels one/coco_dataset.json four --to jsonl --names names.txt 2>&1
echo "exit $?"
echo "--- wrong"
boxwright convert-labels one five --to yolo 2>&1
echo "exit $?"
boxwright convert-labels one 2>&1
echo "exit $?"
boxwright convert-labels one five 2>&1
echo "exit $?"
boxwright convert-labels one five --to yolo --from vok 2>&1
echo "exit $?"
boxwright convert-labels absent five --to csv 2>&1
