# Turns the report's style sheet into C source: an array of its lines.
#   cmake -DINPUT=style.css -DOUTPUT=report_style.c -P embed_style.cmake
file(READ "${INPUT}" content)
string(REPLACE "\\" "\\\\" content "${content}")
string(REPLACE "\"" "\\\"" content "${content}")
string(REGEX REPLACE "\n$" "" content "${content}")
string(REPLACE "\n" "\",\n    \"" content "${content}")
file(WRITE "${OUTPUT}" "#include \"report/style.h\"\n\n"
     "const char *const bw_report_style[] = {\n    \"${content}\",\n    0,\n};\n")
