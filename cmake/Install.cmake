# What `make install` puts where. Folders follow the GNU standards below the prefix.
set(BW_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH BW_PC_PREFIX /${BW_PC_DIR} /)
string(REGEX REPLACE "/$" "" BW_PC_PREFIX "${BW_PC_PREFIX}")
configure_file(cmake/boxwright.pc.in boxwright.pc @ONLY)

install(TARGETS boxwright boxwright_static boxwright_cli)
install(FILES include/boxwright/boxwright.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/boxwright)
install(FILES ${PROJECT_BINARY_DIR}/boxwright.pc DESTINATION ${BW_PC_DIR})
install(FILES packaging/boxwright.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/boxwright.bash RENAME boxwright
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/_boxwright DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES LICENSE NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The default model; its weights are there only after `make assets`.
set(BW_MODEL_DIR ${CMAKE_INSTALL_DATADIR}/boxwright/models/yolov3-tiny)
install(FILES models/yolov3-tiny.cfg DESTINATION ${BW_MODEL_DIR})
install(FILES models/coco.names RENAME yolov3-tiny.names DESTINATION ${BW_MODEL_DIR})
install(FILES assets/models/yolov3-tiny/yolov3-tiny.weights DESTINATION ${BW_MODEL_DIR} OPTIONAL)
