"""The variables that a build backend's process gets, and no others."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_SYSTEM = (
    ("PATH", "PATHEXT", "COMSPEC", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "NUMBER_OF_PROCESSORS"),
    ("PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)"),
    (
        "PROGRAMW6432",
        "COMMONPROGRAMFILES",
        "COMMONPROGRAMFILES(X86)",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "NO_COLOR",
    ),
)
"""What systems need to start programs at all."""
_VISUAL_STUDIO = (
    ("VCINSTALLDIR", "VSINSTALLDIR", "VSCMD_ARG_TGT_ARCH", "VCTOOLSINSTALLDIR", "WINDOWSSDKDIR"),
    (
        "WINDOWSSDKVERSION",
        "UNIVERSALCRTSDKDIR",
        "UCRTVERSION",
        "INCLUDE",
        "LIB",
        "LIBPATH",
        "DISTUTILS_USE_SDK",
        "MSSDK",
    ),
)
_COMPILERS = (
    ("CC", "CXX", "CPP", "CC_FOR_BUILD", "F77", "F90", "FC", "AR", "AS", "LD", "NM", "RANLIB", "STRIP"),
    (
        "LDSHARED",
        "LDCXXSHARED",
        "BLDSHARED",
        "CCSHARED",
        "CFLAGS",
        "CXXFLAGS",
        "CPPFLAGS",
        "FFLAGS",
        "FCFLAGS",
    ),
    (
        "F90FLAGS",
        "LDFLAGS",
        "ARFLAGS",
        "LIBS",
        "OPT",
        "BASECFLAGS",
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
    ),
    (
        "LIBRARY_PATH",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "LD_RUN_PATH",
        "ARCHFLAGS",
        "MACOSX_DEPLOYMENT_TARGET",
    ),
    ("SDKROOT", "DEVELOPER_DIR", "_PYTHON_HOST_PLATFORM", "CROSS_COMPILE", "SOURCE_DATE_EPOCH"),
)
_TOOLS = (
    (
        "PKG_CONFIG",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_SYSROOT_DIR",
        "MAKE",
        "MAKEFLAGS",
        "NINJA",
    ),
    ("MESON", "CMAKE", "CMAKE_GENERATOR", "CMAKE_ARGS", "CMAKE_PREFIX_PATH", "CMAKE_BUILD_PARALLEL_LEVEL"),
    (
        "CMAKE_BUILD_TYPE",
        "CMAKE_C_COMPILER",
        "CMAKE_CXX_COMPILER",
        "SKBUILD_CMAKE_ARGS",
        "CARGO_BUILD_TARGET",
    ),
    ("CARGO_TARGET_DIR", "RUSTC", "RUSTFLAGS", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "BLAS", "LAPACK", "ATLAS"),
    ("CUDA_HOME", "CUDA_PATH", "JAVA_HOME"),
)
_KEPT = frozenset(
    name for group in (_SYSTEM, _VISUAL_STUDIO, _COMPILERS, _TOOLS) for row in group for name in row
)
_KEPT_PREFIXES = ("LC_", "SETUPTOOLS_", "HATCH_BUILD_", "PDM_BUILD_", "FLIT_")
"""Backends' own switches."""
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|AUTH", re.IGNORECASE)


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of safepip's own environment that a backend gets."""
    return {name: said for name, said in environ.items() if _is_kept(name)}


def scrubbed_environment(environ: Mapping[str, str], private: Path, programs: Path) -> dict[str, str]:
    """The environment of a backend: what building needs, own folders, and no index for a pip inside.

    Args:
        private: with the folders ``home`` and ``tmp``.
        programs: folder of the interpreter's programs, which come first.
    """
    kept = passed_on(environ)
    home, temporary = str(private / "home"), str(private / "tmp")
    path = os.pathsep.join(filter(None, (str(programs), kept.get("PATH", os.defpath))))
    return kept | {
        "PATH": path,
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home,
        "LOCALAPPDATA": home,
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "PYTHONNOUSERSITE": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_INPUT": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_OFFLINE": "1",
        "UV_NO_CONFIG": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and not _SECRET.search(upper)
