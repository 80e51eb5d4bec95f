"""From Numba's LLVM code to WebAssembly modules; ``webassembly.build`` runs this in a process of its own."""

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
# With these, LLVM makes one instruction of a multiply-add. It also makes one of a maximum, which may lose a
# NaN; so only convolutions get them.
RELAXED_FEATURES = f"{FEATURES},+relaxed-simd"
CONVOLUTIONS = ("correlate", "transpose", "weight_gradient")


def target_machine(features):
    return llvm.Target.from_triple(TRIPLE).create_target_machine(
        opt=3, features=features, reloc="static", codemodel="default"
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


def gather(names, machine):
    """The exports of these names as one optimised module."""
    whole = llvm.parse_assembly(f'target triple = "{TRIPLE}"\ntarget datalayout = "{machine.target_data}"')
    for name in names:
        whole.link_in(module_of(name, EXPORTS[name], machine))
    for function in whole.functions:
        if not function.is_declaration and function.name not in EXPORTS:
            function.linkage = "internal"
    optimise(whole, machine)
    return whole


def link(path, *objects):
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{i}.o") for i in range(len(objects))]
        for file, code in zip(files, objects):
            file.write_bytes(code)
        exports = [f"--export={name}" for name in (*EXPORTS, "__heap_base")]
        subprocess.run(
            [sys.executable, "-m", "ziglang", "wasm-ld", "--no-entry", "--strip-all", "--gc-sections",
             *exports, "-o", path, *files],
            check=True,
        )  # fmt: skip


def main(path, relaxed_path):
    # Loop strength reduction adds up addresses that an instruction could hold: conv2d takes an eighth longer.
    llvm.set_option("", "--disable-lsr")
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine, relaxed = target_machine(FEATURES), target_machine(RELAXED_FEATURES)
    sums = [name for name in EXPORTS if name.startswith(CONVOLUTIONS)]
    convolutions = gather(sums, machine)
    others = machine.emit_object(gather([name for name in EXPORTS if name not in sums], machine))
    # of a copy, for making machine code changes what it is made from
    link(relaxed_path, relaxed.emit_object(convolutions.clone()), others)
    link(path, machine.emit_object(convolutions), others)


if __name__ == "__main__":
    main(*sys.argv[1:])
