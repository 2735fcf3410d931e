// Repairs the checksums and lengths of inputs. A fuzzer does not find a checksum by chance, but a forger computes it,
// so inputs of formats with checksums are tried with wrong and with right ones.
#pragma once

#include <string>
#include <string_view>

namespace retort::fuzz {

// Safetensors: the length of the header ends it after the last `}`.
std::string with_header_length(std::string_view input);

// ZIP: the CRC-32 of every entry whose directory record is valid.
std::string with_zip_checksums(std::string_view input);

// A PyTorch file with this pickle and storages "0" and "1" of 64 bytes.
std::string torch_file_of(std::string_view pickle);

// Column files: the checksums of the columns that lie inside the file, and that of the table.
std::string with_column_checksums(std::string_view input);

// MANIFEST.json with the right checksum of its member `files`, if it is JSON with that member.
std::string with_manifest_checksum(std::string_view input);

}  // namespace retort::fuzz
