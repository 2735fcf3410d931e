# add_layer(NAME DEPENDS a b ... SOURCES x.cpp ... [LINK target ...])
# makes the static library retort_NAME from src/retort/NAME. The layers stand in one order; depending on a layer that
# does not stand lower is an error here, and tools/check_layers.py says the same of every #include line.
set(RETORT_LAYERS base text kernel data model loss optim checkpoint decode metric train serve recipe cli)

# With RETORT_UNITY a target's sources are compiled several at a time, which halves the processor time of a build from
# nothing: reading the headers of LibTorch and JSON takes longer than the sources themselves. Names in the anonymous
# namespaces of one folder must then differ.
function(unite_sources target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${RETORT_UNITY} UNITY_BUILD_BATCH_SIZE 10)
endfunction()

function(add_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;SOURCES;LINK" ${ARGN})
  list(FIND RETORT_LAYERS ${name} rank)
  if(rank EQUAL -1)
    message(FATAL_ERROR "`${name}` must be one of the layers ${RETORT_LAYERS}")
  endif()
  add_library(retort_${name} STATIC ${arg_SOURCES})
  target_include_directories(retort_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  unite_sources(retort_${name})
  target_link_libraries(retort_${name} PRIVATE retort_warnings PUBLIC ${arg_LINK})
  foreach(dependency ${arg_DEPENDS})
    list(FIND RETORT_LAYERS ${dependency} dependency_rank)
    if(dependency_rank EQUAL -1 OR NOT dependency_rank LESS rank)
      message(FATAL_ERROR "layer `${name}` must depend on lower layers only, but lists `${dependency}`")
    endif()
    target_link_libraries(retort_${name} PUBLIC retort_${dependency})
  endforeach()
endfunction()
