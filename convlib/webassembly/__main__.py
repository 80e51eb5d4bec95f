from convlib import webassembly

for path in webassembly.build():
    print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")
