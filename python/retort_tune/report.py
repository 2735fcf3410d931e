import json
def write_results(settings, space, program, records, folder_of, model_dir_of):
    pass
