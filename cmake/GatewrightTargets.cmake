# SPDX-License-Identifier: Apache-2.0
#
# The layering of Gatewright as a build rule. Every folder under src/ is one static library with a
# rank in the one-way walk of docs/architecture.md; gw_library() refuses a dependency that does not
# point down. Sources are globbed, so a new file needs no edit here.

include(EmbedData)

# folder in walk order: position is rank. emulate and rtl are siblings (see gw_forbid_siblings).
set(GW_WALK support fixed tensor events dfg interchange cmvm model layers frontends opt arch schedule
            rtl emulate runtime tools verify report compile cli)

add_library(gw_flags INTERFACE)
target_compile_options(gw_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wsign-conversion -Werror=switch -Werror=return-type)
target_include_directories(gw_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(GW_SANITIZE)
  target_compile_options(gw_flags INTERFACE -fsanitize=${GW_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(gw_flags INTERFACE -fsanitize=${GW_SANITIZE})
endif()

function(gw_rank name result)
  list(FIND GW_WALK ${name} rank)
  if(rank EQUAL -1)
    message(FATAL_ERROR "gw_library: '${name}' has no place in GW_WALK (cmake/GatewrightTargets.cmake)")
  endif()
  set(${result} ${rank} PARENT_SCOPE)
endfunction()

# gw_library(<folder> DEPS <folders below> EXTERNAL <imported targets>)
function(gw_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;EXTERNAL" ${ARGN})
  gw_rank(${name} own)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  gw_embed_data(${name} data)
  add_library(gw_${name} STATIC ${sources} ${data})
  set_target_properties(gw_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(gw_${name} PUBLIC gw_flags fmt::fmt)
  foreach(dep ${ARG_DEPS})
    gw_rank(${dep} theirs)
    if(NOT theirs LESS own)
      message(FATAL_ERROR "layering: '${name}' may not depend on '${dep}' (it comes later in the walk)")
    endif()
    if(name STREQUAL emulate AND dep STREQUAL rtl)
      message(FATAL_ERROR "layering: 'emulate' and 'rtl' are siblings, neither includes the other")
    endif()
    if(TARGET gw_${dep})
      target_link_libraries(gw_${name} PUBLIC gw_${dep})
    endif()
  endforeach()
  target_link_libraries(gw_${name} PRIVATE ${ARG_EXTERNAL})
endfunction()

# gw_unit_tests(<folder>): one GoogleTest binary from tests/unit/<folder>/*_test.cpp
function(gw_unit_tests name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(unit_${name} ${sources})
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(unit_${name} PRIVATE gw_${name} ${ARG_LIBS} GTest::gtest GTest::gtest_main)
  target_compile_definitions(unit_${name} PRIVATE
    GW_SHARED_DATA="${PROJECT_SOURCE_DIR}/../shared/data" GW_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME unit.${name} COMMAND unit_${name})
endfunction()
