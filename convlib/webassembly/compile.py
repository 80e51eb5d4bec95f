"""From Numba's LLVM code to a WebAssembly module; ``webassembly.build`` runs this in a process of its own."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import llvmlite.binding as llvm

from convlib.webassembly.exports import EXPORTS

TRIPLE = "wasm32-unknown-unknown"
# 128-bit vectors and memory.copy: in every browser since 2023
FEATURES = "+simd128,+bulk-memory,+sign-ext,+nontrapping-fptoint"


def target_machine():
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return llvm.Target.from_triple(TRIPLE).create_target_machine(
        opt=3, features=FEATURES, reloc="static", codemodel="default"
    )


def module_of(name, dispatcher, machine):
    """One exported function and all that it calls; several modules may bring the same callee."""
    (signature,) = dispatcher.signatures
    code = dispatcher.inspect_llvm(signature)
    code = re.sub(r'target triple = ".*"', f'target triple = "{TRIPLE}"', code)
    code = re.sub(r'target datalayout = ".*"', f'target datalayout = "{machine.target_data}"', code)
    # arrays around given memory own nothing, so Numba's reference counting never gets here
    code = re.sub(r"declare void @(NRT_\w+)\((.*?)\).*", r"define void @\1(\2) { unreachable }", code)
    module = llvm.parse_assembly(code)
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "linkonce_odr"
    for variable in module.global_variables:
        # Numba's "common" variables abort LLVM's WebAssembly writer
        if not variable.is_declaration:
            variable.linkage = "internal"
    function = module.get_function(dispatcher.overloads[signature].fndesc.llvm_func_name)
    function.linkage, function.name = "external", name
    return module


def optimise(module, machine):
    # level 3 makes the module an eighth larger and, measured, no faster
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)


def main(path):
    machine = target_machine()
    whole = llvm.parse_assembly(f'target triple = "{TRIPLE}"\ntarget datalayout = "{machine.target_data}"')
    for name, dispatcher in EXPORTS.items():
        whole.link_in(module_of(name, dispatcher, machine))
    for function in whole.functions:
        if not function.is_declaration and function.name not in EXPORTS:
            function.linkage = "internal"
    optimise(whole, machine)
    with tempfile.TemporaryDirectory() as folder:
        object_file = Path(folder, "convlib.o")
        object_file.write_bytes(machine.emit_object(whole))
        exports = [f"--export={name}" for name in (*EXPORTS, "__heap_base")]
        subprocess.run(
            [sys.executable, "-m", "ziglang", "wasm-ld", "--no-entry", "--strip-all", "--gc-sections",
             *exports, "-o", path, object_file],
            check=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
