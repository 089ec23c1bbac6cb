# SPDX-License-Identifier: Apache-2.0
"""The packed files of a bundle: .tar.xz archives that `run` unpacks beside them.

The programs have most of their bytes in common, which a large dictionary finds: together they take less than one of them. NVRTC (COMPILER)
is larger than all programs; packed it takes a third."""
import hashlib
import os
import tarfile

COMPILER = "compiler"  # the folder of libnvrtc


def pack(files, archive, kept):
    """Packs {name in the archive: file}. Packing takes a minute, so the folder `kept` keeps the last archive of each name."""
    import lzma  # an optional part of Python, as in tarfile

    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    packed, of = kept / archive.name, kept / (archive.name + ".sha256")
    if not packed.exists() or not of.exists() or of.read_text(encoding="utf-8") != digest.hexdigest():
        of.unlink(missing_ok=True)
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 3, "dict_size": 64 << 20}]
        with lzma.open(packed, "wb", filters=filters) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
            for name, file in sorted(files.items()):
                tar.add(file, name)
        of.write_text(digest.hexdigest(), encoding="utf-8")
    archive.write_bytes(packed.read_bytes())


def unpack(home):
    """Unpacks every archive of the folder and removes it. Throws OSError or tarfile.TarError; the next call begins again."""
    for archive in sorted(home.glob("*.tar.xz")):
        try:
            with tarfile.open(archive, "r:xz") as tar:
                tar.extractall(home)
        except EOFError as error:
            raise tarfile.ReadError(str(error)) from error
        archive.unlink()


def with_compiler(home):
    """The environment in which programs find the bundle's NVRTC."""
    return {"LD_LIBRARY_PATH": ":".join(filter(None, [str(home / COMPILER), os.environ.get("LD_LIBRARY_PATH")]))}
