# LIFEBOAT_SANITIZE applies to every object: a sanitizer that sees half of a
# program reports falsely.

if(LIFEBOAT_SANITIZE)
  add_compile_options("-fsanitize=${LIFEBOAT_SANITIZE}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${LIFEBOAT_SANITIZE}")
  if(LIFEBOAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
if(LIFEBOAT_FUZZ)
  # The rooms themselves carry the coverage counters, or the fuzzer is blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
