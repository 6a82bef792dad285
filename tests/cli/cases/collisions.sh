# Equal labels: the later one keeps its suffix, then gets a number; always in the same way.
mkdir -p one two one/a.txt one/a.jpg.part
pictures good one/a.jpg one/a.png one/a.jpeg two/a.jpg two/a.png one/a.txt/b.jpg one/a.jpg.part/c.png
mkdir one/d.jpg
pictures good one/d.png one/d.jpg/e.png
boxwright annotate one two two/a.jpg two/a.jpg --out run $tiny --conf 0.999 --quiet --draw
echo "exit $?"
query run 'SELECT path, label FROM items'
find run/labels run/drawn -type f | sort
