# One set of flags for every target: strict, warning-free with gcc 12 and clang 14.
set(BW_SANITIZE "" CACHE STRING "Sanitizers to build with, such as address,undefined")
option(BW_COVERAGE "Measure test coverage" OFF)
option(BW_WERROR "Treat warnings as errors" ON)
option(BW_FUZZ "Build the libFuzzer programs of tests/fuzz (clang only)" OFF)

add_library(bw_flags INTERFACE)
target_compile_features(bw_flags INTERFACE c_std_11)
target_compile_options(bw_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla
    -Wimplicit-fallthrough -Wformat=2 -Wdouble-promotion
    # Results must be the same from every compiler: no contraction but where a kernel writes it.
    -ffp-contract=off -fno-math-errno -fvisibility=hidden
    $<$<BOOL:${BW_WERROR}>:-Werror>)
target_compile_definitions(bw_flags INTERFACE _GNU_SOURCE)
target_include_directories(bw_flags INTERFACE ${PROJECT_SOURCE_DIR}/include
                                              ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(bw_flags INTERFACE Threads::Threads m)

if(BW_SANITIZE)
    target_compile_options(bw_flags INTERFACE -fsanitize=${BW_SANITIZE} -fno-omit-frame-pointer
                                              -fno-sanitize-recover=all)
    # Compilers warn about their own instrumentation; warnings are the plain builds' business.
    target_compile_options(bw_flags INTERFACE -w)
    target_link_options(bw_flags INTERFACE -fsanitize=${BW_SANITIZE})
endif()
if(BW_COVERAGE)
    target_compile_options(bw_flags INTERFACE --coverage -O0)
    target_link_options(bw_flags INTERFACE --coverage)
endif()
if(BW_FUZZ)
    target_compile_options(bw_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(bw_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
