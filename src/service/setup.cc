#include "service/setup.h"

#include <algorithm>

#include "crypto/random.h"

namespace lifeboat::service {

int worst_exit(int one, int other) { return std::max(one, other); }

Random& process_random() { return crypto::system_random(); }

}  // namespace lifeboat::service
