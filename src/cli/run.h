#pragma once
// The program: words in, exit status out.
#include <string>
#include <vector>

#include "cli/session.h"

namespace lifeboat::cli {

int run(const std::vector<std::string>& words, const Environment& environment,
        const Streams& streams);

}  // namespace lifeboat::cli
