# A part of the program that it loads when it needs it; apps/cli/module.h tells how. It stands
# beside the program in the build's folder, and in lib/boxwright once installed.
function(bw_add_module name)
    add_library(boxwright_${name}_module MODULE ${ARGN})
    set_target_properties(boxwright_${name}_module PROPERTIES
        PREFIX "" OUTPUT_NAME boxwright-${name} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    target_link_options(boxwright_${name}_module PRIVATE -Wl,--as-needed -Wl,--exclude-libs,ALL)
    install(TARGETS boxwright_${name}_module DESTINATION ${CMAKE_INSTALL_LIBDIR}/boxwright)
    set_property(GLOBAL APPEND PROPERTY BW_MODULES boxwright_${name}_module)
endfunction()
