# The warnings of every target, and the optional sanitizer.
add_library(retort_warnings INTERFACE)
target_compile_options(retort_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror=return-type -Werror=shadow
                                                 -Wno-missing-field-initializers
                                                 -Wno-maybe-uninitialized -Wno-restrict) # false positives of g++ 12 at -O3
if(RETORT_SANITIZER)
  add_compile_options(-fsanitize=${RETORT_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RETORT_SANITIZER})
endif()
