# SPDX-License-Identifier: Apache-2.0
#
# Data files that travel inside the library: gw_embed_data(<folder> <result>) turns every *.json and
# *.in below src/<folder> into one generated source (raw string literals, sorted by name) that defines
# gatewright::<folder>::embedded_files(). A changed or added file re-runs CMake; nothing is read at run
# time, so the program is one file.
function(gw_embed_data name result)
  set(${result} "" PARENT_SCOPE)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/${name}/*.json ${PROJECT_SOURCE_DIR}/src/${name}/*.in)
  if(NOT files)
    return()
  endif()
  list(SORT files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(GW_EMBED_ENTRIES "")
  foreach(path ${files})
    get_filename_component(file ${path} NAME)
    file(READ ${path} content)
    string(APPEND GW_EMBED_ENTRIES "    {\"${file}\", R\"gw_data(${content})gw_data\"},\n")
  endforeach()
  set(GW_EMBED_FOLDER ${name})
  set(output ${PROJECT_BINARY_DIR}/embedded/${name}_data.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded_data.cpp.in ${output} @ONLY)
  set(${result} ${output} PARENT_SCOPE)
endfunction()
