"""The extension's build: what CMake is told equals the disk, and what it installs is complete and runs.

slicer_config/ stands in for the build tree of Slicer, which takes hours to make: the few macros that a scripted
extension calls, which refuse absent files and copy as Slicer's do.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "cmake_lists.py"
STAND_IN = Path(__file__).parent / "slicer_config"
ICON = "LiverTumorSeg/Resources/Icons/LiverTumorSeg.png"
FROM_THE_ROOT = ("pyproject.toml", "LICENSE", "NOTICE")
MODULES = "lib/Slicer-5.10/qt-scripted-modules"
INSTALLED_MODULES = f"Extensions-1/LiverTumorSeg/{MODULES}"
# No file of the extension is compiled: CMake takes any program for the compiler and asks it nothing.
NO_COMPILER = [
    f"-DCMAKE_{language}_COMPILER{what}"
    for language in ("C", "CXX")
    for what in (f"={sys.executable}", "_FORCED=1", "_ID_RUN=1")
]
RAW_FILE = re.compile(r"https://raw\.githubusercontent\.com/LiverTumorSeg/SlicerLiverTumorSeg/main/(?P<path>\S+)")


def cmake_lists():
    spec = importlib.util.spec_from_file_location("cmake_lists", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_tool(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *map(str, words)], capture_output=True, text=True)


def copy_of_the_tree(place: Path) -> Path:
    for folder in ("LiverTumorSeg", "LiverTumorSegLib"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def files_below(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


@dataclass(frozen=True)
class Built:
    """The build folder, and the folder into which the extension was installed."""

    build: Path
    prefix: Path

    @property
    def modules(self) -> Path:
        return self.prefix / INSTALLED_MODULES

    def calls(self, macro: str) -> list[list[str]]:
        lines = (self.build / "calls.txt").read_text().splitlines()
        return [line.split("\t")[1:] for line in lines if line.split("\t")[0] == macro]

    def metadata(self) -> dict[str, str]:
        lines = (self.build / "metadata.txt").read_text().splitlines()
        return dict(line.split("\t") for line in lines)


def cmake(*words: object) -> None:
    done = subprocess.run(["cmake", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("installed")
    cmake("-S", ROOT, "-B", build, f"-DSlicer_DIR={STAND_IN}", f"-DCMAKE_INSTALL_PREFIX={prefix}", *NO_COMPILER)
    cmake("--build", build)
    cmake("--install", build, "--component", "RuntimeLibraries")  # what Slicer packages of an extension
    return Built(build, prefix)


def test_the_lists_equal_the_disk():
    assert cmake_lists().differences(ROOT) == []
    assert run_tool("--check").returncode == 0


def test_an_absent_and_an_unlisted_file_are_named_in_one_message(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    (tree / "LiverTumorSegLib" / "io" / "nrrd.py").unlink()
    (tree / "LiverTumorSeg" / "Resources" / "new.json").write_text("{}")
    before = (tree / "LiverTumorSegLib" / "CMakeLists.txt").read_text()
    done = run_tool("--check", "--root", tree)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Run python tools/cmake_lists.py:",
        "  LiverTumorSeg/Resources/new.json is present but not listed",
        "  LiverTumorSegLib/io/nrrd.py is listed but absent",
    ]
    assert (tree / "LiverTumorSegLib" / "CMakeLists.txt").read_text() == before


def test_a_rewritten_list_equals_the_disk_again_and_leaves_the_rest_alone(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    file = tree / "LiverTumorSegLib" / "CMakeLists.txt"
    before = file.read_text().splitlines()
    (tree / "LiverTumorSegLib" / "io" / "nrrd.py").unlink()
    (tree / "LiverTumorSegLib" / "io" / "aaa.py").touch()
    (tree / "LiverTumorSegLib" / "io" / "__pycache__").mkdir()
    (tree / "LiverTumorSegLib" / "io" / "__pycache__" / "aaa.cpython-312.pyc").touch()
    assert run_tool("--root", tree).returncode == 0
    assert run_tool("--check", "--root", tree).returncode == 0
    after = file.read_text().splitlines()
    assert set(before) - set(after) == {"  io/nrrd.py"}
    assert set(after) - set(before) == {"  io/aaa.py"}


def test_lists_that_are_unsorted_are_named(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    file = tree / "LiverTumorSegLib" / "CMakeLists.txt"
    text = file.read_text()
    assert "  arrays.py\n  case.py\n" in text
    file.write_text(text.replace("  arrays.py\n  case.py\n", "  case.py\n  arrays.py\n"))
    told = cmake_lists().differences(tree)
    assert told == ["LiverTumorSegLib/CMakeLists.txt: LIBRARY_PYTHON_SCRIPTS is not sorted or names a file twice"]


def test_a_cmake_file_without_the_list_is_refused(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    (tree / "LiverTumorSegLib" / "CMakeLists.txt").write_text("set(SOMETHING_ELSE)\n")
    done = run_tool("--root", tree)
    assert done.returncode == 1
    assert "LIBRARY_PYTHON_SCRIPTS" in done.stderr


def test_everything_on_the_disk_arrives_in_the_build_and_in_the_installation(built):
    expected = {f"LiverTumorSegLib/{name}" for name in FROM_THE_ROOT}
    for folder, place in (("LiverTumorSeg", ""), ("LiverTumorSegLib", "LiverTumorSegLib/")):
        for names in cmake_lists().on_disk(ROOT / folder).values():
            expected |= {place + name for name in names}
    assert "LiverTumorSegLib/report/templates/report.html" in expected
    assert files_below(built.build / MODULES) == expected
    # The whole installation: the module's own install takes the library along too, so that a wrong INSTALL_DIR of the
    # library shows only as copies elsewhere.
    assert files_below(built.prefix) == {f"{INSTALLED_MODULES}/{name}" for name in expected}


def test_what_is_installed_has_the_same_bytes_as_the_source(built):
    sources = {name: ROOT / name for name in ("LiverTumorSegLib/cli/main.py", "LiverTumorSegLib/__init__.py")}
    sources["Resources/Icons/LiverTumorSeg.png"] = ROOT / ICON
    sources |= {f"LiverTumorSegLib/{name}": ROOT / name for name in FROM_THE_ROOT}
    for installed, source in sources.items():
        assert (built.modules / installed).read_bytes() == source.read_bytes(), installed


def test_a_fresh_process_runs_the_installed_library_from_another_folder(built, tmp_path):
    code = """if True:
        import sys
        from pathlib import Path
        sys.dont_write_bytecode = True
        sys.path.insert(0, sys.argv[1])
        import LiverTumorSegLib.cli.main
        package = Path(LiverTumorSegLib.__file__).parent
        assert package == Path(sys.argv[1]) / "LiverTumorSegLib", package
        assert (package / "pyproject.toml").is_file()
        LiverTumorSegLib.cli.main.main(["--help"])
    """
    done = subprocess.run(
        [sys.executable, "-c", code, built.modules],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert "segment" in done.stdout


def test_slicer_is_told_the_module_its_tests_and_a_target_for_the_library(built):
    (module,) = built.calls("slicerMacroBuildScriptedModule")
    assert module[:2] == ["NAME", "LiverTumorSeg"]
    assert module[-1] == "WITH_GENERIC_TESTS"
    assert built.calls("slicer_add_python_unittest") == [["SCRIPT", "LiverTumorSeg.py"]]
    targets = [call[call.index("TARGET_NAME") + 1] for call in built.calls("ctkMacroCompilePythonScript")]
    assert targets == ["LiverTumorSeg", "LiverTumorSegLib"]
    assert (built.build / "packaged.txt").read_text() == "LiverTumorSeg\n"


def test_the_metadata_is_complete_and_its_icon_is_a_png_of_128_pixels(built):
    metadata = built.metadata()
    assert all(metadata.values()), metadata
    assert metadata["NAME"] == "LiverTumorSeg"
    assert metadata["DEPENDS"] == "PyTorch"
    assert metadata["HOMEPAGE"] == "https://github.com/LiverTumorSeg/SlicerLiverTumorSeg"
    assert all(RAW_FILE.fullmatch(url) for url in metadata["SCREENSHOTURLS"].split())
    assert RAW_FILE.fullmatch(metadata["ICONURL"])["path"] == ICON
    with Image.open(ROOT / ICON) as icon:
        assert (icon.format, icon.mode, icon.size) == ("PNG", "RGBA", (128, 128))
        assert icon.getpixel((0, 0))[3] == 0


def test_the_committed_icon_is_what_its_tool_draws(tmp_path):
    drawn_file = tmp_path / "icon.png"
    subprocess.run([sys.executable, ROOT / "tools" / "draw_icon.py", "-o", drawn_file], check=True)
    with Image.open(drawn_file) as drawn, Image.open(ROOT / ICON) as committed:
        # Another Pillow may round an edge otherwise, by a few of 255 levels at the rims only.
        assert max(ImageStat.Stat(ImageChops.difference(drawn, committed)).mean) < 0.5
