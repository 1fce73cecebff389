#pragma once
// The evidence as JUnit XML: for continuous integration. Pure.
#include <string>

#include "drill/render/view.h"

namespace lifeboat::drill {

// A check that did not run is an error and a missed objective a failure, for who reads only colours
// must see that they are no pass.
std::string render_junit(const Dossier& dossier);

}  // namespace lifeboat::drill
