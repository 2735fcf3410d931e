# add_layer(NAME DEPENDS a b ... SOURCES x.cpp ... TENSOR_SOURCES y.cpp ... [LINK target ...] [TENSOR_LINK target ...])
# makes two libraries from src/retort/NAME: retort_NAME_plain from what needs no LibTorch, which the program itself is linked
# from, and retort_NAME with everything, for the module with tensors and for tests. The layers stand in one order; depending on a
# layer that does not stand lower is an error here, and tools/check_layers.py says the same of every #include line.
set(RETORT_LAYERS base text kernel data model loss optim checkpoint decode metric train pretrained distill augment task measure recipe compat cli)

# With RETORT_UNITY a target's sources are compiled several at a time, which halves the processor time of a build from
# nothing: reading the headers of LibTorch and JSON takes longer than the sources themselves. Names in the anonymous
# namespaces of one folder must then differ.
function(unite_sources target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${RETORT_UNITY} UNITY_BUILD_BATCH_SIZE 10)
endfunction()

function(add_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;SOURCES;TENSOR_SOURCES;LINK;TENSOR_LINK" ${ARGN})
  list(FIND RETORT_LAYERS ${name} rank)
  if(rank EQUAL -1)
    message(FATAL_ERROR "`${name}` must be one of the layers ${RETORT_LAYERS}")
  endif()
  foreach(dependency ${arg_DEPENDS})
    list(FIND RETORT_LAYERS ${dependency} dependency_rank)
    if(dependency_rank EQUAL -1 OR NOT dependency_rank LESS rank)
      message(FATAL_ERROR "layer `${name}` must depend on lower layers only, but lists `${dependency}`")
    endif()
  endforeach()
  list(TRANSFORM arg_DEPENDS PREPEND retort_)
  list(TRANSFORM arg_DEPENDS APPEND _plain OUTPUT_VARIABLE plain_depends)
  add_library_of_layer(retort_${name}_plain SOURCES ${arg_SOURCES} LINK ${plain_depends} ${arg_LINK} retort_torch_headers)
  add_library_of_layer(retort_${name} SOURCES ${arg_TENSOR_SOURCES} LINK retort_${name}_plain ${arg_DEPENDS} ${arg_TENSOR_LINK})
endfunction()

function(add_library_of_layer target)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  unite_sources(${target})
  target_link_libraries(${target} PRIVATE retort_warnings PUBLIC ${arg_LINK})
endfunction()
