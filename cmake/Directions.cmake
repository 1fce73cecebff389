# The one table of rooms in level order, and of what each may include besides
# base (docs/architecture.md). lifeboat_room refuses a DEPENDS that is not here;
# tools/tidy reads the same lines.

set(LIFEBOAT_DIRECTIONS
    "base:"
    "crypto:"
    "net:"
    "storage: crypto net"
    "engine: crypto net"
    "policy:"
    "notify: net crypto"
    "catalog:"
    "repository: storage crypto"
    "sandbox: engine"
    "backup: engine repository"
    "restore: engine repository"
    "maintenance: repository policy"
    "exchange: crypto engine storage"
    "drill: restore sandbox engine repository policy crypto net exchange"
    "config:"
    "service: crypto net storage engine policy notify catalog repository sandbox backup restore maintenance exchange drill config"
    "api: service"
    "cli: service api")

# config sees nothing of these rooms but their options.h files.
set(LIFEBOAT_OPTIONS_OF
    storage engine policy notify catalog repository sandbox backup restore maintenance exchange
    drill)

# The rooms that the thread sanitizer looks at.
set(LIFEBOAT_THREADED_ROOMS base storage engine repository backup restore drill)

set(LIFEBOAT_ROOMS "")
foreach(line IN LISTS LIFEBOAT_DIRECTIONS)
  string(REGEX MATCH "^([a-z_]+):(.*)$" matched "${line}")
  list(APPEND LIFEBOAT_ROOMS "${CMAKE_MATCH_1}")
  string(STRIP "${CMAKE_MATCH_2}" allowed)
  separate_arguments(allowed)
  set(LIFEBOAT_ALLOWED_${CMAKE_MATCH_1} base ${allowed})
endforeach()
