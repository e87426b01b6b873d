def test_x(db):
    import time
    import types

    from tests.contracts import authz_objects as o
    from tests.world import a_world
    t=time.time(); made=o.build(); print('built', time.time()-t); print({k:str(v)[:60] for k,v in vars(made).items() if k!='world'})
