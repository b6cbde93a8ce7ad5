#pragma once

#include <cstddef>

/// Bounds that more than one folder must agree on. A bound of one file stands in that file.
namespace doorbuster::bounds {

inline constexpr std::size_t kTargets = 128;    ///< of one event, with those that selectors find
inline constexpr std::size_t kHolds = 128;      ///< of one event
inline constexpr std::size_t kHoldRows = 256;   ///< of one status
inline constexpr std::size_t kDecisions = 512;  ///< kept in one status
inline constexpr std::size_t kAnnotationBytes = 16384;  ///< ours, on one held object
inline constexpr std::size_t kHoldersPerField = 32;     ///< events at once on one field
inline constexpr std::size_t kFieldsPerObject = 32;     ///< held at once on one object

}  // namespace doorbuster::bounds
