// SPDX-License-Identifier: Apache-2.0
// The programs that children run to bring a data frame out of a Debian package of R.
#pragma once

namespace shoal::finance {

/// PACKAGE FOLDER MEMBER...: writes members of a .deb into a folder, by the standard library alone.
inline constexpr const char* unpack_debian = R"programme(
import io, os, sys, tarfile
package, folder, *members = sys.argv[1:]
with open(package, "rb") as stream:
    data = stream.read()
if data[:8] != b"!<arch>\n":
    sys.exit("it is not a Debian package")
at = 8
while at + 60 <= len(data):
    name, size = data[at:at + 16].decode("ascii", "replace"), int(data[at + 48:at + 58])
    if name.startswith("data.tar"):
        with tarfile.open(fileobj=io.BytesIO(data[at + 60:at + 60 + size])) as archive:
            for member in members:
                content = archive.extractfile("./" + member).read()
                with open(os.path.join(folder, os.path.basename(member)), "wb") as file:
                    file.write(content)
        sys.exit(0)
    at += 60 + size + size % 2
sys.exit("it has no data")
)programme";

/// FOLDER MEMBER OBJECT ROW_NAMES OUT: a data frame as CSV. Numbers have 15 significant digits, factors are
/// their levels, what is missing is empty; row names become the column ROW_NAMES, when that is not empty.
/// Ends with 3 where Debian's python3-rdata is not there. Only its parser is used: its conversion loses row
/// names.
inline constexpr const char* frame_to_csv_python = R"programme(
import bz2, gzip, lzma, math, sys, zlib
try:
    from rdata.parser import parse_data
except ImportError:
    sys.exit(3)

def read(file):
    with open(file, "rb") as stream:
        return stream.read()

def unpacked(data):
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    if data[:6] == b"\xfd7zXZ\x00":
        return lzma.decompress(data)
    return data

def tree(data):
    return parse_data(data if data[:3] == b"RDX" else b"RDX3\n" + data).object

def word(node):
    if node.info.type.name == "REF":
        return word(node.referenced_object)
    if node.info.type.name == "SYM":
        return word(node.value)
    return None if node.value is None else node.value.decode("utf-8")

def pairs(node):
    found = {}
    while node is not None and node.info.type.name == "LIST":
        found[word(node.tag)] = node.value[0]
        node = node.value[1]
    return found

def entry(folder, name):
    index = tree(unpacked(read(folder + "/Rdata.rdx")))
    names = [word(n) for n in pairs(index.attributes)["names"].value]
    variables = index.value[names.index("variables")]
    places = [word(n) for n in pairs(variables.attributes)["names"].value]
    start, size = (int(n) for n in variables.value[places.index(name)].value)
    piece = read(folder + "/Rdata.rdb")[start:start + size]
    kind = piece[4:5]
    if kind == b"Z":
        options = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
        return lzma.decompress(piece[5:], format=lzma.FORMAT_RAW, filters=options)
    return bz2.decompress(piece[5:]) if kind == b"2" else zlib.decompress(piece[4:])

def number(value):
    value = float(value)
    return "" if math.isnan(value) else "%.15g" % value

def cells(column):
    kind, more = column.info.type.name, pairs(column.attributes)
    if kind == "STR":
        return [word(n) or "" for n in column.value]
    if "levels" in more:
        levels = [word(n) for n in more["levels"].value]
        return [levels[int(v) - 1] if int(v) > 0 else "" for v in column.value]
    if kind == "INT":
        return ["" if int(v) == -2147483648 else "%d" % int(v) for v in column.value]
    return [number(v) for v in column.value]

def quoted(text):
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text

folder, member, name, rows, out = sys.argv[1:]
if member.endswith(".rdb"):
    frame = tree(entry(folder, name))
else:
    frame = pairs(tree(unpacked(read(folder + "/" + member.rsplit("/", 1)[1]))))[name]
more = pairs(frame.attributes)
header = [word(n) for n in more["names"].value]
columns = [cells(c) for c in frame.value]
if rows:
    header, columns = [rows] + header, [[word(n) for n in more["row.names"].value]] + columns
with open(out, "w", encoding="utf-8", newline="\n") as file:
    for line in [header] + list(zip(*columns)):
        file.write(",".join(quoted(cell) for cell in line) + "\n")
)programme";

/// The same for Rscript.
inline constexpr const char* frame_to_csv_r = R"programme(
args <- commandArgs(TRUE)
place <- new.env()
if (endsWith(args[2], ".rdb")) {
  lazyLoad(file.path(args[1], "Rdata"), place)
} else {
  load(file.path(args[1], basename(args[2])), place)
}
frame <- as.data.frame(get(args[3], place))
text <- function(x) {
  cells <- if (is.factor(x) || is.character(x)) as.character(x)
           else if (is.integer(x)) sprintf("%d", x)
           else sprintf("%.15g", x)
  cells[is.na(x)] <- ""
  special <- grepl("[,\"\r\n]", cells)
  cells[special] <- paste0("\"", gsub("\"", "\"\"", cells[special]), "\"")
  cells
}
columns <- lapply(frame, text)
header <- text(names(frame))
if (nchar(args[4]) > 0) {
  header <- c(args[4], header)
  columns <- c(list(text(row.names(frame))), columns)
}
file <- file(args[5], "wb")
writeLines(c(paste(header, collapse = ","), do.call(paste, c(unname(columns), sep = ","))), file, useBytes = TRUE)
close(file)
)programme";

}  // namespace shoal::finance
