# Turns the report's style sheet into a C header: an array of its lines.
#   cmake -DINPUT=style.css -DOUTPUT=report_style.h -P embed_style.cmake
file(READ "${INPUT}" content)
string(REPLACE "\\" "\\\\" content "${content}")
string(REPLACE "\"" "\\\"" content "${content}")
string(REGEX REPLACE "\n$" "" content "${content}")
string(REPLACE "\n" "\",\n    \"" content "${content}")
file(WRITE "${OUTPUT}"
     "static const char *const bw_report_style[] = {\n    \"${content}\",\n    0,\n};\n")
