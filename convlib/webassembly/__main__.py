from convlib import webassembly

path = webassembly.build()
print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")
