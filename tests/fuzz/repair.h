// Inputs with their checksums and lengths put right. A fuzzer does not find a checksum by chance, and one who forges a
// file computes it; so each format that guards itself is tried both ways.
#pragma once

#include <string>
#include <string_view>

namespace retort::fuzz {

// Safetensors: the length of the header becomes the place behind the last `}`.
std::string with_header_length(std::string_view input);

// ZIP: the CRC-32 of every entry that the directory describes soundly.
std::string with_zip_checksums(std::string_view input);

// A PyTorch file with this pickle and storages "0" and "1" of 64 bytes.
std::string torch_file_of(std::string_view pickle);

// Column files: the checksums of the columns that lie inside the file, and that of the table.
std::string with_column_checksums(std::string_view input);

// MANIFEST.json written anew from its files, if it is JSON with that member.
std::string with_manifest_checksum(std::string_view input);

}  // namespace retort::fuzz
