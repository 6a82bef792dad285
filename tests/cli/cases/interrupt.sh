# Ctrl-C: what was begun is finished, labels and database agree, exit 130.
mkdir photos
pictures good photos/a.jpg photos/b.jpg photos/c.jpg
mkfifo list
boxwright annotate - --out run $tiny --conf 0.999 --quiet <list &
process=$!
exec 3>list
printf 'photos/a.jpg\nphotos/b.jpg\n' >&3
while [ ! -e run/labels/b.txt ]; do
    kill -0 $process || exit 1
    sleep 0.05
done
# The program itself, which `exec` put in the place of the script that was started.
kill -INT $process
wait $process
echo "exit $?"
exec 3>&-
find run -type f | sort
query run 'SELECT label FROM items'
query run "SELECT value FROM settings WHERE key = 'state'"
grep -o '<mark>interrupted</mark>' run/report.html
boxwright export run --format csv -o out 2>&1
