# The report is one self-contained, well-formed page.
mkdir photos
for i in 1 2 3 4 5 6 7 8 9; do
    pictures good photos/$i.jpg photos/$i$i.png photos/$i$i$i.bmp photos/a$i.webp photos/b$i.png \
        photos/c$i.png photos/d$i.png photos/e$i.png photos/f$i.png
done
echo damage >'photos/<i>.jpg'
boxwright annotate photos --out run $tiny --conf 0 --max-det 30 --quiet
echo "exit $?"
python3 - <<'END'
import html.parser
import re
text = open("run/report.html", encoding="utf-8").read()


class Page(html.parser.HTMLParser):
    open_tags, problems, figures, sections = [], [], 0, []
    void = {"meta", "image", "rect", "line", "br"}

    def handle_starttag(self, tag, attributes):
        self.figures += tag == "figure"
        if tag == "h2":
            self.sections.append("")
        if tag not in {"meta", "br"}:
            self.open_tags.append(tag)
        for name, value in attributes:
            if name in ("href", "src") and not value.startswith("data:image/jpeg;base64,"):
                self.problems.append(value)
        if tag in ("script", "link", "iframe"):
            self.problems.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open_tags.pop()

    def handle_endtag(self, tag):
        if not self.open_tags or self.open_tags.pop() != tag:
            self.problems.append("/" + tag)

    def handle_data(self, data):
        if self.open_tags and self.open_tags[-1] == "h2":
            self.sections[-1] += data


page = Page()
page.feed(text)
print("left open:", page.open_tags, "problems:", page.problems)
print(page.sections)
print(page.figures, "figures")
print("external:", re.findall(r"https?://[^\s<\"]*|url\([^)]*\)|@import", text))
END
query run 'SELECT count(*), sum(contact) FROM thumbnails'
