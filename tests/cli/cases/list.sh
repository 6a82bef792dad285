# Lists on standard input: lines, CRLF, NUL; folders among them; what is missing is recorded.
mkdir -p photos/sub
pictures good photos/a.jpg photos/b.png photos/sub/c.jpg "photos/new
line.png"
printf 'photos/a.jpg\n\nphotos/sub\r\nphotos/missing.jpg\nphotos/b.png' |
    boxwright annotate - --out lines $tiny --conf 0.999 --quiet
echo "exit $?"
query lines 'SELECT number, path, label, boxes FROM items'
query lines 'SELECT * FROM errors'
printf 'photos/new\nline.png\0photos/b.png\0' |
    boxwright annotate --null - --out nulls $tiny --conf 0.999 --quiet
echo "exit $?"
query nulls 'SELECT number, path, label, boxes FROM items'
boxwright annotate - --out none $tiny --quiet </dev/null
echo "exit $?"
python3 -c 'print("x" * 9000)' | boxwright annotate - --out long $tiny --quiet
echo "exit $?"
query long 'SELECT length(path), kind, message FROM items JOIN errors ON item = number'
