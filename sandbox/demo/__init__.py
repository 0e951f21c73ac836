"""The main job, told as a story: build, publish, install, upgrade, fail, restore, roll back, on the sandbox."""
