#include "service/inside.h"

#include "drill/app/filter.h"
#include "sandbox/agent.h"

namespace lifeboat::service {

std::optional<int> run_inside(int argc, char** argv) {
  if (const auto status = sandbox::run_agent(argc, argv)) return status;
  return drill::run_filter_process(argc, argv);
}

}  // namespace lifeboat::service
